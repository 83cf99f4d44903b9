//! Zenoh's configuration, and the keys under which messages pass.

use std::time::Duration;

use zenoh::{Config, Session, Wait};

/// Commands of the agent.
pub const COMMAND: &str = "rover/command";
/// Replies of the simulator.
pub const REPLY: &str = "rover/reply";
/// A token that is there while the simulator is.
pub const ALIVE: &str = "rover/alive";
/// Where the simulator listens if nothing else is said: this machine alone reaches it.
pub const ENDPOINT: &str = "tcp/127.0.0.1:7447";

/// Any error of Zenoh.
pub type ZenohError = zenoh::Error;

fn config(mode: &str, settings: &[(&str, String)]) -> Result<Config, ZenohError> {
    let mut config = Config::default();
    config.insert_json5("mode", &format!("{mode:?}"))?;
    // Whoever is to be found is named by an endpoint: nothing is asked of the network.
    config.insert_json5("scouting/multicast/enabled", "false")?;
    config.insert_json5("scouting/gossip/enabled", "false")?;
    for (key, value) in settings {
        config.insert_json5(key, value)?;
    }
    Ok(config)
}

/// A session that waits for others at `endpoint`.
///
/// # Errors
/// Zenoh's, if it cannot listen there.
pub fn listen(endpoint: &str) -> Result<Session, ZenohError> {
    zenoh::open(config("peer", &[("listen/endpoints", format!("[{endpoint:?}]"))])?).wait()
}

/// A session with who listens at `endpoint`; it listens nowhere itself. Zenoh connects again by itself if the connection is lost.
///
/// # Errors
/// Zenoh's, if nobody listens there within `patience`.
pub fn connect(endpoint: &str, patience: Duration) -> Result<Session, ZenohError> {
    let settings = [
        ("connect/endpoints", format!("[{endpoint:?}]")),
        ("connect/timeout_ms", patience.as_millis().to_string()),
        // By default a second passes before the second try, and then two.
        (
            "connect/retry",
            "{ period_init_ms: 100, period_max_ms: 500, period_increase_factor: 2 }".to_string(),
        ),
    ];
    zenoh::open(config("client", &settings)?).wait()
}
