//! `--live`: in a terminal, and where there is none.

use crate::common::Place;

#[test]
fn without_a_terminal_nothing_is_begun() {
    let place = Place::new();
    for arguments in [&["run", "quick.toml", "--live"][..], &["resume", "runs/quick", "--live"]] {
        let told = place.fails(2, arguments);
        let wanted =
            if cfg!(feature = "live") { "expected a terminal as standard" } else { "--features live" };
        assert!(told.contains("--live: ") && told.contains(wanted), "{told}");
    }
    assert!(!place.path("runs").exists());
    assert!(place.fails(2, &["run", "quick.toml", "--live", "--quiet"]).contains("cannot be used with"));
}

/// `script` of util-linux makes a terminal.
#[cfg(all(feature = "live", target_os = "linux"))]
mod in_a_terminal {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    use crate::common::{Place, assert_same};

    const OPENS: &str = "\x1b[?1049h";
    const CLOSES: &str = "\x1b[?1049l";

    /// Runs the quick experiment in a terminal, types `keys` when the view is there, and gives all that the terminal got.
    fn run(place: &Place, out: &str, keys: &str) -> String {
        let sorn = env!("CARGO_BIN_EXE_sorn");
        let command = format!("stty cols 100 rows 30 && exec {sorn} run quick.toml --live --out {out}");
        let mut script = Command::new("script")
            .args(["-q", "-e", "-c", &command, "/dev/null"])
            .current_dir(place.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script of util-linux");
        let mut stdin = script.stdin.take().unwrap();
        let mut stdout = script.stdout.take().unwrap();
        let (mut bytes, mut buffer, mut typed) = (Vec::new(), [0; 4096], false);
        loop {
            match stdout.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(n) => bytes.extend(&buffer[..n]),
            }
            if !typed && String::from_utf8_lossy(&bytes).contains(OPENS) {
                typed = true;
                // The run may be over already.
                let _ = stdin.write_all(keys.as_bytes()).and_then(|()| stdin.flush());
            }
        }
        assert!(script.wait().unwrap().success());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn the_view_opens_closes_and_changes_nothing() {
        let place = Place::new();
        place.done(&["run", "quick.toml", "--out", "unseen"]);
        for (out, keys) in [("seen", ""), ("left", "q")] {
            let text = run(&place, out, keys);
            let (opened, closed) = (text.find(OPENS).unwrap(), text.rfind(CLOSES).unwrap());
            assert!(opened < closed, "{text}");
            assert!(text[opened..closed].contains("leave"), "{text}");
            // The result stands on the screen that is left.
            assert!(text[closed..].contains("learning curve"), "{text}");
            assert_same(&place.path(out), &place.path("unseen"));
        }
    }
}
