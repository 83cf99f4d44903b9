//! A headless Chromium, spoken to in its DevTools protocol: JSON messages, each ended by a zero byte, through two pipes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The environment variable that names the program.
const VARIABLE: &str = "SORN_TEST_CHROMIUM";

/// After this long without an answer the browser hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one empty page.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    calls: u64,
    session: Option<String>,
    events: Vec<Value>,
    profile: TempDir,
}

impl Browser {
    /// Starts the program that [`VARIABLE`] names. It resolves no host's name and talks to nobody.
    pub(crate) fn start() -> Browser {
        let program = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
        let program = program.unwrap_or_else(|| {
            panic!("{VARIABLE} is not set: let it name Chromium, or run `cargo xtask test --only browser`")
        });
        let profile = tempfile::tempdir().unwrap();
        // Chromium takes the pipes as file descriptors 3 and 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"])
            .arg(program)
            .args(["--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run"])
            // The sandbox refuses to work for root, as in a container; the only pages shown are our own.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"])
            .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--force-device-scale-factor=1"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(profile.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let to = child.stdin.take().unwrap();
        let mut pipe = BufReader::new(child.stdout.take().unwrap());
        let (sender, from) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while pipe.read_until(0, &mut message).is_ok_and(|n| n > 0) {
                message.pop();
                let value = serde_json::from_slice(&message).unwrap();
                message.clear();
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let mut browser = Browser { child, to, from, calls: 0, session: None, events: Vec::new(), profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = Some(session["sessionId"].as_str().unwrap().to_string());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method of the protocol and gives its result.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let sent = self.to.write_all(format!("{message}\0").as_bytes()).and_then(|()| self.to.flush());
        sent.unwrap_or_else(|error| panic!("{method}: {error}; {}", self.said()));
        let answer = self.receive(method, |message| message["id"] == id);
        assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    /// Waits for a message; keeps those that come before it.
    fn receive(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.from.recv_timeout(PATIENCE) {
                Ok(message) if wanted(&message) => return message,
                Ok(message) => self.events.push(message),
                Err(error) => panic!("{what}: {error}; {}", self.said()),
            }
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(self.profile.path().join("stderr")).unwrap_or_default()
    }

    /// Sets the size of the window in pixels.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Opens a file; gives the milliseconds until it was loaded, and until it was painted.
    pub(crate) fn open(&mut self, path: &Path) -> (f64, f64) {
        let url = format!("file://{}", path.to_str().unwrap());
        self.events.clear();
        let navigated = self.call("Page.navigate", json!({ "url": url }));
        assert!(navigated.get("errorText").is_none(), "{navigated}");
        let loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        if !self.events.iter().any(loaded) {
            let event = self.receive("Page.loadEventFired", loaded);
            self.events.push(event);
        }
        let painted = self.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))",
        );
        let loaded = self.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd");
        (loaded.as_f64().unwrap(), painted.as_f64().unwrap())
    }

    /// What a JavaScript expression gives in the page; a promise is waited for.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Waits until a JavaScript expression is true.
    pub(crate) fn wait_until(&mut self, expression: &str) {
        let begun = Instant::now();
        while self.evaluate(expression) != true {
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {expression}");
        }
    }

    /// An event of the mouse, as the window gets it.
    pub(crate) fn mouse(&mut self, kind: &str, (x, y): (f64, f64), more: Value) {
        let mut params = json!({ "type": kind, "x": x, "y": y, "button": "none" });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.call("Input.dispatchMouseEvent", params);
    }

    /// Presses and releases the left button, as often as `times` in a row.
    pub(crate) fn click(&mut self, place: (f64, f64), times: u32) {
        for count in 1..=times {
            for kind in ["mousePressed", "mouseReleased"] {
                self.mouse(kind, place, json!({ "button": "left", "clickCount": count }));
            }
        }
    }

    /// What the page complained of, and what it asked for from elsewhere, since it was opened.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        // What the page says before it answers comes before its answer.
        self.evaluate("0");
        let complaint = |event: &Value| {
            let params = &event["params"];
            match event["method"].as_str()? {
                "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
                "Runtime.consoleAPICalled" => Some(params.to_string()),
                "Log.entryAdded" => Some(params["entry"].to_string()),
                "Network.requestWillBeSent" => {
                    let url = params["request"]["url"].as_str().unwrap_or_default();
                    let here = url.starts_with("file:") || url.starts_with("data:");
                    (!here).then(|| format!("asked for {url}"))
                }
                _ => None,
            }
        };
        self.events.iter().filter_map(complaint).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The profile is removed afterwards, when nobody writes to it any more.
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let begun = Instant::now();
        while self.from.recv_timeout(Duration::from_secs(10)).is_ok() && begun.elapsed() < PATIENCE {}
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
