//! One step of the network.

use super::Stage;
use super::custom::RuleContext;
use super::growth::{AbsentPairs, Growth, draw_absent};
use super::input;
use crate::kernels::Change;
use crate::kernels::fire::{self, Drives, Intrinsic};
use crate::kernels::noise::{fill_normal, fill_normal_single};
use crate::matrix::{Learning, Op, Timing};
use crate::params::switches::{Firing, Inhibition, NoiseLaw, NoiseTargets, Precision};
use crate::rng::{Xoshiro256PlusPlus, uniform};
use crate::{Activity, InputError, Network, Params, Rule};

/// Noise that makes a neuron fire, whatever its drive.
const FORCED: f64 = 1e8;

/// Random numbers of one step, supplied from outside instead of drawn, so that two implementations can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Supplied<'a> {
    /// Noise of the excitatory neurons, `ne` values; none means no noise.
    pub noise_e: Option<&'a [f64]>,
    /// Noise of the inhibitory neurons, `ni` values; none means no noise.
    pub noise_i: Option<&'a [f64]>,
    /// The pair `(pre, post)` that structural plasticity connects, if any; absent after STDP.
    pub grown: Option<(u32, u32)>,
}

impl Network {
    /// Advances the network by one step under `input`.
    ///
    /// A step allocates only if structural plasticity exceeds the capacity reserved for a neuron's synapses.
    ///
    /// # Errors
    /// Wrong length (see [`Params::input_len`](crate::Params::input_len)), NaN or infinity; the network is then unchanged.
    pub fn step(&mut self, input: &[f64]) -> Result<Activity<'_>, InputError> {
        input::check("input", input, self.params.input_len())?;
        self.draw_noise();
        self.advance(input, Growth::Drawn);
        Ok(self.activity())
    }

    /// Like [`step`](Self::step), with noise and structural plasticity supplied instead of drawn.
    ///
    /// # Errors
    /// As [`step`](Self::step); also noise of wrong length or not finite, and a pair that is not two distinct neurons. A
    /// pair that is already connected is left as it is.
    pub fn step_supplied(
        &mut self,
        input: &[f64],
        supplied: Supplied<'_>,
    ) -> Result<Activity<'_>, InputError> {
        input::check("input", input, self.params.input_len())?;
        if let Some((pre, post)) = supplied.grown {
            let (pre, post, ne) = (pre as usize, post as usize, self.ne());
            if pre == post || pre >= ne || post >= ne {
                return Err(InputError::Synapse { pre, post, ne });
            }
        }
        self.supply_noise(supplied.noise_e, supplied.noise_i)?;
        self.advance(input, Growth::Supplied(supplied.grown));
        self.forget_noise();
        Ok(self.activity())
    }

    pub(crate) fn supply_noise(
        &mut self,
        noise_e: Option<&[f64]>,
        noise_i: Option<&[f64]>,
    ) -> Result<(), InputError> {
        if let Some(noise) = noise_e {
            input::check("noise_e", noise, self.ne())?;
        }
        if let Some(noise) = noise_i {
            input::check("noise_i", noise, self.ni())?;
        }
        copy_or_zero(&mut self.noise_e, noise_e);
        copy_or_zero(&mut self.noise_i, noise_i);
        Ok(())
    }

    /// Clears the noise, so that a later step without noise does not reuse it.
    pub(crate) fn forget_noise(&mut self) {
        self.noise_e.fill(0.0);
        self.noise_i.fill(0.0);
    }

    fn draw_noise(&mut self) {
        let width = self.params.noise_sd;
        let both = self.params.noise_targets == NoiseTargets::Both;
        match self.params.noise {
            NoiseLaw::None => {}
            NoiseLaw::Gaussian => {
                let fill = match self.params.precision {
                    Precision::Exact => fill_normal,
                    Precision::Fast => fill_normal_single,
                };
                fill(self.level, &mut self.noise, width, &mut self.noise_e);
                if both {
                    fill(self.level, &mut self.noise, width, &mut self.noise_i);
                }
            }
            NoiseLaw::Spikes => {
                self.noise.fill_uniform(1.0, &mut self.noise_e);
                let force = |u: &mut f64| *u = if *u < width { FORCED } else { 0.0 };
                self.noise_e.iter_mut().for_each(force);
            }
            NoiseLaw::Always => {
                let count = (width * self.noise_e.len() as f64).round() as usize;
                self.noise_e[..count].fill(FORCED);
            }
            NoiseLaw::Uniform => {
                self.noise.fill_uniform(width, &mut self.noise_e);
                if both {
                    self.noise.fill_uniform(width, &mut self.noise_i);
                }
            }
        }
    }

    /// The step itself.
    pub(crate) fn advance(&mut self, input: &[f64], mut growth: Growth<'_>) {
        input::spread(&self.params, &self.pools, input, &mut self.input);
        // Slow inhibition reads the excitatory activity of the step before.
        if self.params.inhibition == Inhibition::Slow {
            self.drive_inhibitory();
        }
        self.fire_excitatory();
        if self.params.inhibition == Inhibition::Fast {
            self.drive_inhibitory();
        }
        self.fire_inhibitory();
        self.learn(&mut growth);
        self.steps += 1;
        self.watch.step(self.x[1].len(), self.te.len());
        self.wee.compact(self.steps);
        self.wei.compact(self.steps);
        if self.steps.is_multiple_of(LOOK_EVERY) && self.watch.synapses_died(self.deaths) {
            let health = self.health();
            self.watch.warn(health);
        }
    }

    fn drive_inhibitory(&mut self) {
        self.wie.drive(self.level, &self.x[1], usize::MAX, self.drive_ie.rows_mut());
    }

    fn fire_excitatory(&mut self) {
        self.spikes_e.advance();
        self.x.swap(0, 1);
        self.x[1].clear();
        let drives = Drives {
            excitation: &self.drive_ee,
            noise: &self.noise_e,
            thresholds: &self.te,
            inclusive: self.params.firing == Firing::Inclusive,
        };
        fire::excitatory(
            self.level,
            drives,
            &self.drive_ei,
            &self.input,
            &mut self.recurrent,
            &mut self.spikes_e,
            &mut self.x[1],
        );
    }

    fn fire_inhibitory(&mut self) {
        self.spikes_i.advance();
        self.y.swap(0, 1);
        self.y[1].clear();
        let drives = Drives {
            excitation: &self.drive_ie,
            noise: &self.noise_i,
            thresholds: &self.ti,
            inclusive: self.params.firing == Firing::Inclusive,
        };
        fire::inhibitory(self.level, drives, &mut self.spikes_i, &mut self.y[1]);
    }

    /// Runs the rules and computes the drives of the next step from the new activity.
    ///
    /// Built-in rules of different matrices are independent, so their order only matters within a matrix, and the rules of a matrix
    /// run together. A custom rule can read everything, so all rules before it run first.
    fn learn(&mut self, growth: &mut Growth<'_>) {
        let mut ee = OpList::default();
        let mut ei = OpList::default();
        for n in 0..self.schedule.len() {
            match self.schedule[n] {
                Stage::BuiltIn(rule) => {
                    // A fully frozen network is static: `always_ip` only applies if some rules are not frozen.
                    let always = rule == Rule::Ip && self.params.always_ip && !self.frozen.is_all();
                    if always || !self.frozen.contains(rule) {
                        self.schedule_rule(rule, &mut ee, &mut ei);
                    }
                }
                Stage::Custom(index, name) => {
                    let frozen = name.map_or(self.frozen.is_all(), |name| self.frozen.contains(name));
                    if !frozen {
                        self.learn_ee(ee.ops(), growth);
                        self.learn_ei(ei.ops());
                        (ee, ei) = (OpList::default(), OpList::default());
                        self.apply_custom(index);
                    }
                }
            }
        }
        self.learn_ee(ee.ops(), growth);
        self.learn_ei(ei.ops());
        self.reward = 0.0;
    }

    fn schedule_rule(&mut self, rule: Rule, ee: &mut OpList, ei: &mut OpList) {
        match rule {
            Rule::Stdp => ee.push(Op::Update),
            Rule::Sp => ee.push(Op::Grow),
            Rule::Istdp => ei.push(Op::Update),
            Rule::Ss => {
                // Otherwise a rule of its own, scheduled after this one, does it.
                if self.params.scaling_both_ways == 0.0 {
                    ee.push(Op::Scale);
                }
                if self.params.scale_wei {
                    ei.push(Op::Scale);
                }
            }
            Rule::Ip => {
                let (min, max) = match self.params.clip_te {
                    true => (self.params.te_min, self.params.te_max),
                    false => (f64::NEG_INFINITY, f64::INFINITY),
                };
                let rule = Intrinsic { eta: self.params.eta_ip, h_ip: &self.h_ip, min, max };
                fire::intrinsic(self.level, rule, &self.spikes_e, &mut self.te);
            }
            // Scheduled as a custom rule.
            Rule::Rmstdp => {}
        }
    }

    fn apply_custom(&mut self, index: usize) {
        let mut context = RuleContext {
            x: &self.x,
            y: &self.y,
            te: &mut self.te,
            wee: &mut *self.wee,
            wei: &mut *self.wei,
            reward: self.reward,
            births: &mut self.births,
            deaths: &mut self.deaths,
        };
        self.custom[index].apply(&mut context);
    }

    fn learn_ee(&mut self, ops: &[Op], growth: &mut Growth<'_>) {
        let eta = self.params.eta_stdp;
        let floor = if self.params.prune { 0.0 } else { -0.0 };
        let mut learning = Learning {
            ops,
            timing: Timing::Stdp,
            change: Change { plus: eta, minus: -eta, floor },
            post: &self.spikes_e,
            grown: &[],
            grown_weight: self.params.sp_weight,
            drives: true,
            first_slice: 0,
        };
        self.grown.clear();
        if let Some(at) = ops.iter().position(|&op| op == Op::Grow) {
            let number = match growth {
                Growth::Drawn => births(&self.params, &mut self.structural),
                Growth::Supplied(pair) => usize::from(pair.is_some()),
                Growth::Chosen(_) => 1,
            };
            if number > 0 {
                // The absent pairs are known only after the preceding rules have run on every column.
                let first = Learning { ops: &ops[..at], drives: false, ..learning };
                self.deaths += u64::from(self.wee.run(&self.spikes_e, &first, self.drive_ee.rows_mut()));
                let ne = self.te.len();
                let pair = match growth {
                    Growth::Drawn => {
                        let (rng, batch) = (&mut self.structural, self.params.sp_batch);
                        draw_absent(&*self.wee, number, ne, rng, &mut self.collected);
                        // Each as soon as it is drawn, where a batch is one pair.
                        if self.collected.len() >= batch {
                            self.grown.append(&mut self.collected);
                        }
                        None
                    }
                    Growth::Supplied(pair) => *pair,
                    Growth::Chosen(choose) => choose(AbsentPairs::new(&*self.wee, ne)),
                };
                let absent = |&(pre, post): &(u32, u32)| {
                    pre != post && pre.max(post) < ne as u32 && !self.wee.contains(pre, post as usize)
                };
                self.grown.extend(pair);
                self.grown.retain(absent);
                self.births += self.grown.len() as u64;
                learning.ops = &ops[at..];
                learning.grown = &self.grown;
            }
        }
        self.deaths += u64::from(self.wee.run(&self.spikes_e, &learning, self.drive_ee.rows_mut()));
    }

    fn learn_ei(&mut self, ops: &[Op]) {
        let params = &self.params;
        // The formula in upstream's order of operations.
        let silent = -params.eta_inhib * 1.0 * (1.0 - 0.0 * (1.0 + 1.0 / params.mu_ip));
        let active = -params.eta_inhib * 1.0 * (1.0 - 1.0 * (1.0 + 1.0 / params.mu_ip));
        let floor = match (params.istdp_floor > 0.0, params.prune) {
            (true, _) => params.istdp_floor,
            (false, true) => 0.0,
            (false, false) => -0.0,
        };
        let learning = Learning {
            ops,
            timing: Timing::Istdp,
            change: Change { plus: active, minus: silent, floor },
            post: &self.spikes_e,
            grown: &[],
            grown_weight: 0.0,
            drives: true,
            first_slice: 0,
        };
        self.wei.run(&self.spikes_i, &learning, self.drive_ei.rows_mut());
    }

    /// Computes the drives of the next step from scratch.
    pub(crate) fn refresh_drives(&mut self) {
        self.learn_ee(&[], &mut Growth::Drawn);
        self.learn_ei(&[]);
    }
}

/// Steps between two searches for neurons without synapses.
const LOOK_EVERY: u64 = 1024;

/// The rules of one matrix in one step; at most 16, checked by `Params::validate`.
#[derive(Default)]
struct OpList {
    ops: [Op; 16],
    len: usize,
}

impl OpList {
    fn push(&mut self, op: Op) {
        self.ops[self.len] = op;
        self.len += 1;
    }

    fn ops(&self) -> &[Op] {
        &self.ops[..self.len]
    }
}

fn copy_or_zero(to: &mut [f64], from: Option<&[f64]>) {
    match from {
        Some(from) => to.copy_from_slice(from),
        None => to.fill(0.0),
    }
}

/// How many synapses structural plasticity grows in a step, on average.
pub(crate) fn expected_births(params: &Params) -> f64 {
    let ne = params.ne as f64;
    // Del Papa et al. 2017 scale with the number of pairs, relative to 200 neurons.
    let scale = if params.sp_scales_with_ne { ne * (ne - 1.0) / (200.0 * 199.0) } else { 1.0 };
    params.sp_probability * scale
}

/// Draws how many synapses structural plasticity grows in this step.
fn births(params: &Params, rng: &mut Xoshiro256PlusPlus) -> usize {
    let expected = expected_births(params);
    expected as usize + usize::from(uniform(rng) < expected.fract())
}
