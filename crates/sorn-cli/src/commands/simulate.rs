//! `sorn simulate`: a reservoir alone.

use std::path::Path;
use std::time::Instant;

use sorn_lab::sorn_core::{Network, Params, Rules};
use sorn_lab::{
    Inputs, Recording, SavedNetwork, Simulated, SpikeFormat, check_room_to_save, load_network, load_params,
    save_network, simulate,
};

use crate::ExitStatus;
use crate::args::Simulate;
use crate::output::{Usage, note, program, result, table};
use crate::paths::writable;
use crate::progress::StepBar;
use crate::stopping;

pub(crate) fn run(args: &Simulate) -> anyhow::Result<ExitStatus> {
    args.out.iter().try_for_each(|path| writable("--out", path))?;
    args.save_state.iter().try_for_each(|path| writable("--save-state", path))?;
    let mut network = network(args)?;
    if let Some(names) = &args.freeze {
        let rules = Rules::from_names(names.iter().map(String::as_str));
        network.set_frozen(rules.map_err(|e| Usage(format!("--freeze: {e}")))?);
    }
    let inputs = inputs(args, network.params().input_len())?;
    if let Some(path) = &args.save_state
        && path.exists()
        && args.state.as_ref() != Some(path)
    {
        return Err(Usage(format!("--save-state {}: exists already", path.display())).into());
    }
    if let Some(path) = &args.save_state {
        check_room_to_save(path, &network)?;
    }
    if let Some(path) = &args.out
        && path.extension().is_none_or(|end| !end.eq_ignore_ascii_case("npz"))
    {
        let found = path.display();
        return Err(Usage(format!("--out {found}: expected a name that ends in .npz")).into());
    }
    let spikes = if args.bits { SpikeFormat::Bits } else { SpikeFormat::Bool };
    let mut recording = match &args.out {
        Some(path) => Some(Recording::begin(path, &args.probe, spikes, &network)?),
        None => None,
    };
    if args.out.is_some() || args.save_state.is_some() {
        stopping::on_signals("stopping after this step; what was done is saved");
    }
    let bar = StepBar::new(inputs.steps() as u64, args.quiet);
    let started = Instant::now();
    let done = simulate(&mut network, &inputs, recording.as_mut(), |done| {
        bar.show(done.steps);
        stopping::asked().is_none()
    });
    let seconds = started.elapsed().as_secs_f64();
    bar.clear();
    let done = done?;
    recording.map_or(Ok(()), Recording::finish)?;
    if let Some(path) = &args.save_state {
        save_network(path, &network)?;
    }
    result(&describe(args, &network, &done, seconds)?)?;
    if done.steps < inputs.steps() as u64 {
        note(&format!("stopped after {} of {} steps", done.steps, inputs.steps()));
        return Ok(ExitStatus::Interrupted);
    }
    Ok(ExitStatus::Done)
}

fn network(args: &Simulate) -> anyhow::Result<Network> {
    let mut set = args.set.clone();
    if let Some(name) = &args.preset {
        Params::preset(name).map_err(|e| Usage(format!("--preset: {e}")))?;
        set.insert(0, format!("preset={name}"));
    }
    let seed = args.seed.unwrap_or(0);
    let file = args.params.as_deref();
    let refuse = |e: sorn_lab::sorn_core::Error, path: &Path| Usage(format!("{}: {e}", path.display()));
    let Some(path) = &args.state else {
        let params = load_params(file, &Params::default(), "parameters", &set)?;
        return Ok(Network::new(&params, seed).map_err(|e| Usage(e.to_string()))?);
    };
    let origin = path.display().to_string();
    match load_network(path)? {
        SavedNetwork::Whole(whole) => {
            if file.is_some() || args.preset.is_some() || args.seed.is_some() {
                let text = "holds its parameters and generators, so that PARAMS, --preset and --seed have no place; --set \
                            changes single parameters";
                return Err(Usage(format!("--state {}: {text}", path.display())).into());
            }
            let (params, state) = *whole;
            let params = load_params(None, &params, &origin, &args.set)?;
            Ok(Network::from_state(&params, state).map_err(|e| refuse(e, path))?)
        }
        SavedNetwork::Upstream(state) => {
            let (ne, ni) = state.neurons();
            let base = Params { ne, ni: Some(ni), ..Params::default() };
            set.insert(0, format!("ni={ni}"));
            set.insert(0, format!("ne={ne}"));
            let params = load_params(file, &base, &origin, &set)?;
            Ok(state.network(&params, seed).map_err(|e| refuse(e, path))?)
        }
    }
}

fn inputs(args: &Simulate, rows: usize) -> anyhow::Result<Inputs> {
    match (&args.input, args.steps) {
        (Some(path), steps) => {
            let inputs = Inputs::load(path, rows)?;
            match steps {
                Some(steps) if steps > inputs.steps() as u64 => {
                    let text = format!("--steps: expected at most {} ({})", inputs.steps(), path.display());
                    Err(Usage(format!("{text}, found {steps}")).into())
                }
                Some(steps) => Ok(inputs.take(steps as usize)),
                None => Ok(inputs),
            }
        }
        (None, Some(steps)) => Ok(Inputs::zeros(usize::try_from(steps)?)),
        (None, None) => Err(Usage("expected --input FILE.npy or --steps N, found neither".into()).into()),
    }
}

fn describe(args: &Simulate, network: &Network, done: &Simulated, seconds: f64) -> anyhow::Result<String> {
    let rate = done.spikes as f64 / (done.steps.max(1) as f64 * network.ne() as f64);
    let problems: Vec<String> = network.health().problems().map(|p| p.to_string()).collect();
    if args.json {
        let value = serde_json::json!({
            "steps": done.steps,
            "steps_since_made": network.steps(),
            "wall_secs": seconds,
            "rate": rate,
            "ee_connections": network.ee_connections(),
            "ei_connections": network.ei_connections(),
            "synapse_births": network.births(),
            "synapse_deaths": network.deaths(),
            "problems": problems,
        });
        return Ok(serde_json::to_string_pretty(&value)? + "\n");
    }
    let row = |name: &str, value: String| vec![name.to_string(), value];
    let mut rows = vec![
        row("steps", format!("{} ({:.0} per second)", done.steps, done.steps as f64 / seconds.max(1e-9))),
        row("excitatory spikes per neuron and step", format!("{rate:.4}")),
        row("E-to-E synapses", network.ee_connections().to_string()),
        row("I-to-E synapses", network.ei_connections().to_string()),
        row("synapses grown, pruned", format!("{}, {}", network.births(), network.deaths())),
    ];
    rows.extend(problems.into_iter().map(|problem| row("problem", problem)));
    if let Some(path) = &args.out {
        rows.push(row("probes", path.display().to_string()));
    }
    let mut text = table(&rows);
    if let Some(path) = &args.save_state {
        text.push_str(&format!(
            "state saved; next: {} simulate --state {} --steps {}\n",
            program(),
            path.display(),
            done.steps
        ));
    }
    Ok(text)
}
