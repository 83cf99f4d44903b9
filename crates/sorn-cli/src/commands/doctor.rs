//! `sorn doctor`: versions, and what the machine offers.

use crate::ExitStatus;
use crate::output::{result, table};

pub(crate) fn run() -> anyhow::Result<ExitStatus> {
    let threads = std::thread::available_parallelism().map_or_else(|e| e.to_string(), |n| n.to_string());
    let mut rows = vec![
        ("sorn", env!("CARGO_PKG_VERSION").to_string()),
        ("platform", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("instruction sets", instruction_sets().join(" ")),
        ("threads", threads),
        ("environments", sorn_lab::sorn_envs::specs().count().to_string()),
    ];
    python(&mut rows);
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(k, v)| vec![k.to_string(), v]).collect();
    result(&table(&rows))?;
    Ok(ExitStatus::Done)
}

/// The interpreter that `gymnasium:` environments run in.
#[cfg(feature = "gymnasium")]
fn python(rows: &mut Vec<(&'static str, String)>) {
    let missing = |package: &str| format!("not installed: python -m pip install {package}");
    match sorn_lab::sorn_envs::gymnasium::interpreter() {
        Ok(info) => rows.extend([
            ("python", info.python),
            ("interpreter", info.executable),
            ("prefix", info.prefix),
            ("gymnasium", info.gymnasium.unwrap_or_else(|| missing("gymnasium"))),
            ("numpy", info.numpy.unwrap_or_else(|| missing("numpy"))),
        ]),
        Err(error) => rows.push(("python", error.to_string())),
    }
}

#[cfg(not(feature = "gymnasium"))]
fn python(rows: &mut Vec<(&'static str, String)>) {
    rows.push(("python", "this program was built without the feature gymnasium".into()));
}

#[cfg(target_arch = "x86_64")]
fn instruction_sets() -> Vec<&'static str> {
    [
        ("sse2", std::is_x86_feature_detected!("sse2")),
        ("avx2", std::is_x86_feature_detected!("avx2")),
        ("fma", std::is_x86_feature_detected!("fma")),
        ("avx512f", std::is_x86_feature_detected!("avx512f")),
    ]
    .into_iter()
    .filter_map(|(name, has)| has.then_some(name))
    .collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn instruction_sets() -> Vec<&'static str> {
    vec!["portable"]
}
