//! An agent at the ticks of a clock.

#[path = "../../examples/realtime.rs"]
mod example;

use std::time::Duration;

use sorn_agents::run;
use sorn_env::fixed_rate::{Clock, FixedRate, OnOverrun, Rate};

use crate::whole::{LEARNERS, Line, Watch, agent, config};

/// Every look at the clock takes a millisecond; sleeps end on time.
struct Steady(Duration);

impl Clock for Steady {
    fn now(&mut self) -> Duration {
        self.0 += Duration::from_millis(1);
        self.0
    }
    fn sleep_until(&mut self, time: Duration) {
        self.0 = self.0.max(time);
    }
}

#[test]
fn an_agent_at_a_fixed_rate_learns_as_without_a_clock() {
    for learner in [LEARNERS[0], LEARNERS[2], LEARNERS[4]] {
        let config = config("sorn", learner);
        let (mut plain, mut paced) = (agent(&config, 3), agent(&config, 3));
        let (mut without, mut with) = (Watch::default(), Watch::default());
        run(&mut Line::default(), &mut plain, 0..12, |k| k * 37, &mut without).unwrap();
        let rate = Rate { on_overrun: OnOverrun::Stop, ..Rate::hertz(100.0).unwrap() };
        let mut env = FixedRate::with_clock(Line::default(), rate, Steady(Duration::ZERO));
        run(&mut env, &mut paced, 0..12, |k| k * 37, &mut with).unwrap();
        assert_eq!(with.returns, without.returns);
        assert_eq!(paced.state(), plain.state());
        let report = env.report();
        assert_eq!(report.steps as f64, with.returns.iter().sum::<f64>());
        assert_eq!((report.overruns, report.missed_ticks, report.missed_deadlines), (0, 0, 0));
    }
}

/// The example runs; how long anything takes is the machine's affair.
#[test]
fn the_example_counts_its_ticks() {
    let report = example::measure(2000.0, Duration::from_millis(200)).unwrap();
    assert!(report.steps > 0 && report.agent.count() == report.steps);
    assert!(report.agent.quantile(0.99) <= report.agent.max());
    assert!(report.to_string().contains("agent: median"));
}
