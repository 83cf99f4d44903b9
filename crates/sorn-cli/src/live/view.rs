//! [`View`]: opens on the terminal, looks on, and closes.

use std::io::{self, Stderr, stderr};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::crossterm::terminal::{self, EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::crossterm::{cursor, execute};
use sorn_lab::sorn_agents::{Agent, StepEvent};
use sorn_lab::{Episode, Evaluated, Progress};

use super::Subject;
use super::draw::draw;
use super::keys::{Key, keys};
use super::scene::Scene;
use crate::output::note;
use crate::progress::Bar;
use crate::stopping;

/// From one picture to the next.
const FRAME: Duration = Duration::from_millis(66);

/// No seed is as large: it would not fit a run's file.
const NONE: u64 = u64::MAX;

/// Shows the work in the terminal until it is done, or somebody leaves; then there is the bar.
pub(super) fn watch<T>(bar: &Bar, subject: &Subject<'_>, work: impl FnOnce(&dyn Progress) -> T) -> T {
    let view = View::new(bar, subject);
    with(&view, work, |view| {
        let shown = Screen::open().and_then(|mut screen| view.show(&mut *screen.0, keys));
        // Here the screen is closed again.
        view.closed.store(true, Ordering::Relaxed);
        match shown {
            Ok(End::Over) => return,
            Ok(End::Left) => {}
            Ok(End::Stop) => stopping::request(subject.stopping),
            Err(error) => note(&format!("--live: {error}; the run goes on")),
        }
        bar.reveal();
    })
}

/// Works while a thread shows the view, which ends soon after the work, however that ends.
fn with<T>(view: &View<'_>, work: impl FnOnce(&dyn Progress) -> T, show: impl FnOnce(&View<'_>) + Send) -> T {
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        let over = Over(&view.over);
        scope.spawn(move || show(view));
        let result = work(view);
        drop(over);
        result
    })
}

/// A run's progress as somebody sees it.
pub(super) struct View<'a> {
    bar: &'a Bar,
    scene: Mutex<Scene>,
    /// The work is done.
    over: AtomicBool,
    /// Nobody looks any more.
    closed: AtomicBool,
    /// The seed whose steps are shown.
    watched: AtomicU64,
    /// Whether the next picture lacks steps.
    wanted: AtomicBool,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Over,
    Left,
    Stop,
}

impl<'a> View<'a> {
    pub(super) fn new(bar: &'a Bar, subject: &Subject<'_>) -> View<'a> {
        View {
            bar,
            scene: Mutex::new(Scene::new(subject.experiment, subject.seeds.len())),
            over: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            watched: AtomicU64::new(NONE),
            wanted: AtomicBool::new(true),
        }
    }

    fn scene(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws frames and reads keys; `keys` waits at most the time that it is given.
    fn show<B: Backend>(
        &self,
        terminal: &mut Terminal<B>,
        mut keys: impl FnMut(Duration) -> io::Result<Option<Key>>,
    ) -> io::Result<End>
    where
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        loop {
            {
                let mut scene = self.scene();
                terminal.draw(|frame| draw(frame, &scene)).map_err(io::Error::other)?;
                scene.ask();
            }
            self.wanted.store(true, Ordering::Relaxed);
            match keys(FRAME)? {
                _ if self.over.load(Ordering::Relaxed) => return Ok(End::Over),
                Some(Key::Leave) => return Ok(End::Left),
                Some(Key::Stop) => return Ok(End::Stop),
                None if stopping::asked().is_some() => return Ok(End::Stop),
                None => {}
            }
        }
    }
}

impl Progress for View<'_> {
    fn episode(&self, seed: u64, episode: &Episode, mean: f64) {
        self.bar.episode(seed, episode, mean);
        if !self.closed.load(Ordering::Relaxed) {
            self.scene().episode(seed, episode, mean);
        }
    }

    fn step(&self, seed: u64, event: &StepEvent<'_>, agent: &Agent) {
        self.bar.step(seed, event, agent);
        // Steps that are not shown cost nothing; of several environments the first is shown.
        if event.env > 0 || !self.wanted.load(Ordering::Relaxed) || self.closed.load(Ordering::Relaxed) {
            return;
        }
        let taken = self.watched.compare_exchange(NONE, seed, Ordering::Relaxed, Ordering::Relaxed);
        if taken.is_ok_and(|_| true) || taken == Err(seed) {
            let more = self.scene().step(seed, event, agent);
            self.wanted.store(more, Ordering::Relaxed);
        }
    }

    fn evaluated(&self, seed: u64, evaluated: &Evaluated) {
        self.bar.evaluated(seed, evaluated);
        self.scene().evaluated(evaluated);
    }

    fn finished(&self, seed: u64) {
        self.bar.finished(seed);
        self.scene().finished(seed);
        // The next that makes a step is shown.
        let _ = self.watched.compare_exchange(seed, NONE, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn stop(&self) -> bool {
        self.bar.stop()
    }

    fn asked(&self) -> Option<Instant> {
        self.bar.asked()
    }
}

/// The terminal's other screen on standard error, keys as they are pressed; given back when dropped.
///
/// The widget's own drop would show the cursor, and panic where the terminal is closed: it is done here.
struct Screen(ManuallyDrop<Terminal<CrosstermBackend<Stderr>>>);

impl Screen {
    fn open() -> io::Result<Screen> {
        let screen = Screen(ManuallyDrop::new(Terminal::new(CrosstermBackend::new(stderr()))?));
        terminal::enable_raw_mode()?;
        execute!(stderr(), EnterAlternateScreen, cursor::Hide)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to give back.
        let _ = execute!(stderr(), LeaveAlternateScreen, cursor::Show);
        let _ = terminal::disable_raw_mode();
    }
}

#[cfg(test)]
mod tests;
