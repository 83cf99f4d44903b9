//! `sorn tune`: a search with Optuna, which the Python package brings.

use clap::ValueEnum;
use serde_json::json;
use sorn_lab::Tuning;

use crate::args::Tune;
use crate::output::Usage;
use crate::{ExitStatus, Extras, stopping};

pub(crate) fn run(args: &Tune, extras: Option<&dyn Extras>) -> anyhow::Result<ExitStatus> {
    let Some(extras) = extras else {
        let reason = "expected the `sorn` of the Python package with Optuna, found the plain program: pip install 'sorn-rs[tune]'";
        return Err(Usage(format!("sorn tune: {reason}")).into());
    };
    let tuning = Tuning::create(&args.out, &args.file, &args.set)?;
    let name = |value: Option<clap::builder::PossibleValue>| value.map(|value| value.get_name().to_string());
    let request = json!({
        "trials": args.trials,
        "jobs": args.jobs,
        "sampler": name(args.sampler.to_possible_value()),
        "pruner": name(args.pruner.to_possible_value()),
        "prune_every": args.prune_every,
        "startup": args.startup,
        "warmup": args.warmup,
        "confirm": args.confirm,
        "finalists": args.finalists,
        "seed": args.seed,
        "timeout": args.timeout,
        "storage": args.storage,
        "quiet": args.quiet,
        "json": args.json,
        "search": tuning.describe(),
    });
    stopping::on_signals(stopping::SAVED);
    extras.search(tuning, &request)
}
