//! A dense network in fast precision, STDP alone, no noise: `dense [NEURONS [ACTIVE]]` (10,000 and 150) prints the seconds of
//! the processor that it takes to make and to step, in which other work on the machine counts little.

use sorn_core::{InputMap, Network, NetworkType, NoiseLaw, Params, Precision, Rule};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let ne: usize = arguments.next().map_or(Ok(10_000), |word| word.parse())?;
    let active: usize = arguments.next().map_or(Ok(150), |word| word.parse())?;
    let params = Params {
        ne,
        ni: Some(10),
        network_type_ee: NetworkType::Dense,
        rules: vec![Rule::Stdp],
        noise: NoiseLaw::None,
        input: InputMap::Direct,
        precision: Precision::Fast,
        ..Params::default()
    };
    let begin = seconds();
    let mut network = Network::new(&params, 1)?;
    println!("made in {:.2} s", seconds() - begin);
    let mut input = vec![0.0; ne];
    let (mut times, mut spikes) = (Vec::new(), 0);
    for step in 0..100 {
        // Other neurons in each step; the drive alone lets no other fire.
        let on = |k: usize| (k * 7919 + step * 1237) % ne < active;
        input.iter_mut().enumerate().for_each(|(k, value)| *value = if on(k) { 10.0 } else { -10.0 });
        let begin = seconds();
        spikes += network.step(&input)?.spikes_e.len();
        times.push(seconds() - begin);
    }
    times.sort_by(f64::total_cmp);
    let [best, median] = [times[0], times[50]].map(|seconds| seconds * 1e3);
    println!("{} active a step, best of 100 steps {best:.3} ms, median {median:.3} ms", spikes / 100);
    Ok(())
}

/// Seconds that the thread has spent on the processor.
#[cfg(unix)]
fn seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is there to be written.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

#[cfg(not(unix))]
fn seconds() -> f64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
