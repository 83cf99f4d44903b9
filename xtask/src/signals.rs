//! Signals that a background script or `nohup` lets a program ignore, heard again.

use anyhow::Result;

/// Starts this program again where SIGHUP, SIGINT or SIGTERM is ignored (by `nohup`, or in the background of a script): what is
/// tried would ignore it as well.
#[cfg(target_os = "linux")]
pub(crate) fn hear() -> Result<()> {
    use std::os::unix::process::CommandExt;

    use anyhow::Context;

    // SIGHUP is bit 0, SIGINT bit 1, SIGTERM bit 14.
    const ENDING: u64 = 1 | 1 << 1 | 1 << 14;
    let status = std::fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    if ignored & ENDING == 0 {
        return Ok(());
    }
    const HEAR: &str = "--default-signal=HUP,INT,TERM";
    let program = std::env::current_exe().context("cannot find this program")?;
    // Of GNU coreutils 8.31 and later.
    if !std::process::Command::new("env").args([HEAR, "true"]).status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let error =
        std::process::Command::new("env").arg(HEAR).arg(program).args(std::env::args_os().skip(1)).exec();
    Err(error).context("cannot start env, which lets signals be heard again")
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn hear() -> Result<()> {
    Ok(())
}
