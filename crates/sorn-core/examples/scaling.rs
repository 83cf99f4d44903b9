//! What a step costs, by size: `scaling [LARGEST [THREADS]]` prints a table from 100 to `LARGEST` (1,000,000) excitatory
//! neurons with 100 synapses each and sparse inhibition, all rules and noise on, on one thread and on `THREADS` (2).
//!
//! Seconds of one thread are those of the processor, so that other work on the machine counts little, those of several are
//! those of the wall. "Touched" is the number of synapses of active neurons, by which the cost of a step is to grow. The
//! last columns compare the bytes that a step in fast precision has to move with what the machine moves when it copies an
//! array: their product is how many times longer the step takes, on one thread, than its bytes alone would.

use sorn_core::{InputError, Network, NetworkType, Params, Precision};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let largest: usize = arguments.next().map_or(Ok(1_000_000), |word| word.parse())?;
    let threads: usize = arguments.next().map_or(Ok(2), |word| word.parse())?;
    let bandwidth = copy_bandwidth();
    println!("Copying moves {:.1} GB/s.\n", bandwidth / 1e9);
    println!(
        "| neurons | rate | touched | exact, us | on {threads} threads | per touched, ns | fast, us | on {threads} threads | \
         per touched, ns | fast, MB moved | times its bytes | peak GiB |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for ne in (2..).map(|power| 10_usize.pow(power)).take_while(|&ne| ne <= largest) {
        let [exact, exact_shared] =
            [measure(ne, Precision::Exact, 1)?, measure(ne, Precision::Exact, threads)?];
        let [fast, fast_shared] = [measure(ne, Precision::Fast, 1)?, measure(ne, Precision::Fast, threads)?];
        println!(
            "| {ne} | {:.4} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.3} | {:.1} | {} |",
            fast.rate,
            fast.touched,
            exact.seconds * 1e6,
            exact_shared.seconds * 1e6,
            exact.seconds / exact.touched * 1e9,
            fast.seconds * 1e6,
            fast_shared.seconds * 1e6,
            fast.seconds / fast.touched * 1e9,
            fast.bytes / 1e6,
            fast.seconds * bandwidth / fast.bytes,
            peak_memory().map_or("-".into(), |gib| format!("{gib:.2}")),
        );
    }
    Ok(())
}

/// Means over the steps that were timed.
struct Cost {
    seconds: f64,
    rate: f64,
    touched: f64,
    bytes: f64,
}

fn measure(ne: usize, precision: Precision, threads: usize) -> Result<Cost, Box<dyn std::error::Error>> {
    let params = Params {
        ne,
        nu: ne / 20,
        lambda_ee: 100.0_f64.min(ne as f64 / 2.0).into(),
        lambda_ei: 100.0_f64.min(ne as f64 / 2.0).into(),
        network_type_ie: NetworkType::Sparse,
        lambda_ie: 100.0_f64.min(ne as f64 / 2.0).into(),
        precision,
        threads,
        ..Params::default()
    };
    let mut network = Network::new(&params, 1)?;
    let mut input = vec![0.0; params.input_len()];
    let mut step = 0;
    let mut go = |network: &mut Network| -> Result<[usize; 2], InputError> {
        for (k, value) in input.iter_mut().enumerate() {
            *value = f64::from(u8::from((k + 7 * step).is_multiple_of(10)));
        }
        step += 1;
        let activity = network.step(&input)?;
        Ok([activity.spikes_e.len(), activity.spikes_i.len()])
    };
    for _ in 0..(200_000 / ne).clamp(20, 1000) {
        go(&mut network)?;
    }
    let steps = (1_000_000 / ne).clamp(10, 5000);
    let (mut spikes_e, mut spikes_i) = (0, 0);
    let begin = seconds(threads);
    for _ in 0..steps {
        let [e, i] = go(&mut network)?;
        spikes_e += e;
        spikes_i += i;
    }
    let seconds = (seconds(threads) - begin) / steps as f64;
    let (n, ni) = (ne as f64, network.ni() as f64);
    let per_step = |spikes: usize| spikes as f64 / steps as f64;
    let ee = per_step(spikes_e) * network.ee_connections() as f64 / n;
    let ie = per_step(spikes_e) * network.wie().len() as f64 / n;
    let ei = per_step(spikes_i) * network.ei_connections() as f64 / ni;
    // A row is read when its neuron is active and in the step after: weight and index, and twice in the first of them. Per
    // neuron: thresholds, their targets and drives, noise, input; per column of a plastic matrix its unit, sum and length.
    let index = if ne <= 65_536 { 2.0 } else { 4.0 };
    let bytes = 3.0 * (ee + ei) * (4.0 + index) + ie * 12.0 + n * 120.0 + ni * 40.0;
    Ok(Cost { seconds, rate: per_step(spikes_e) / n, touched: ee + ie + ei, bytes })
}

/// Bytes per second, read and written, that one thread copies between arrays which no cache holds; the best of ten times.
fn copy_bandwidth() -> f64 {
    let from = vec![1.0_f64; 16 << 20];
    let mut to = vec![0.0; from.len()];
    let copies = (0..10).map(|_| {
        let begin = seconds(1);
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&to);
        2.0 * std::mem::size_of_val(&from[..]) as f64 / (seconds(1) - begin)
    });
    copies.fold(0.0, f64::max)
}

/// Seconds of the processor for one thread, of the wall for more.
fn seconds(threads: usize) -> f64 {
    use std::sync::OnceLock;
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let wall = BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64();
    #[cfg(unix)]
    if threads == 1 {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is there to be written.
        if unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } == 0 {
            return time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9;
        }
    }
    let _ = threads;
    wall
}

/// The most memory that this process has held, where the system tells (Linux).
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / (1 << 20) as f64)
}
