//! `sorn track`: hands what runs recorded to a tracker, which the Python package knows.

use clap::ValueEnum;
use serde_json::json;

use crate::args::{Track, Tracker};
use crate::output::Usage;
use crate::{ExitStatus, Extras, stopping};

pub(crate) fn run(args: &Track, extras: Option<&dyn Extras>) -> anyhow::Result<ExitStatus> {
    let name = |to: Tracker| to.to_possible_value().map(|value| value.get_name().to_string());
    let to = name(args.to).unwrap_or_default();
    let Some(extras) = extras else {
        let reason = "expected the `sorn` of the Python package, found the plain program";
        return Err(Usage(format!("sorn track: {reason}: pip install 'sorn-rs[{to}]'")).into());
    };
    stopping::on_signals("stopping; what was handed over stays");
    let dirs: Vec<String> = args.dirs.iter().map(|dir| dir.display().to_string()).collect();
    extras.track(&json!({
        "dirs": dirs,
        "to": to,
        "project": args.project,
        "follow": args.follow,
        "artifacts": !args.no_artifacts,
        "quiet": args.quiet,
    }))
}
