//! Memory for what a configuration asks for beside the network: an allocation that fails would end the process.

use sorn_core::room::{fits, size};
use sorn_env::Space;

use crate::{AgentConfig, AgentError, Input, LearnerConfig};

/// Bytes of a number.
pub(crate) const NUMBER: u128 = 8;

/// Refuses an encoder for which there is no memory.
pub(crate) fn encoder(config: &AgentConfig, observations: &Space, actions: &Space) -> Result<(), AgentError> {
    let inputs = config.reservoir.params.input_len() as u128;
    let each = |input: &Input| match input {
        Input::Observation => observations.flat_dim() as u128,
        Input::Action => actions.flat_dim() as u128,
        Input::Reward => 1,
    };
    let numbers = config.inputs.iter().map(each).sum::<u128>();
    // Bounds, scales and places of the numbers, and a weight from each to each input.
    let bytes = NUMBER * numbers * (12 + config.encoder.kept(inputs));
    match fits(bytes) {
        true => Ok(()),
        false => Err(AgentError::Mismatch(format!(
            "encoder: expected what fits in memory, found {numbers} numbers to encode and {inputs} inputs, which need {}",
            size(bytes)
        ))),
    }
}

/// Refuses a learner of so many features for which there is no memory.
pub(crate) fn learner(config: &LearnerConfig, features: usize, actions: &Space) -> Result<(), AgentError> {
    let scores = actions.flat_dim() as u128;
    let weights = NUMBER * scores.saturating_mul(features as u128);
    let needs = config.needs(weights);
    if let Some((key, found, bytes)) = needs.key
        && !fits(bytes)
    {
        let found = format!("{found}, which needs {}", size(bytes));
        return Err(AgentError::config(key, found, "what fits in memory"));
    }
    let arrays = needs.arrays;
    let bytes = weights.saturating_mul(arrays) + 10 * NUMBER * (features as u128 + scores);
    match fits(bytes) {
        true => Ok(()),
        false => Err(AgentError::Mismatch(format!(
            "features.names: expected what fits in memory, found {features} features for {scores} scores, which need {}",
            size(bytes)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Agent, ArsConfig, EncoderConfig, PpoConfig, RmSornConfig, ThermometerConfig};

    fn refusal(config: &AgentConfig) -> String {
        let observations = Space::box_f32(&[0.0], &[1.0]).unwrap();
        Agent::new(config, &observations, &Space::discrete(2).unwrap(), 0).unwrap_err().to_string()
    }

    #[test]
    fn what_there_is_no_memory_for_is_refused_by_its_key() {
        let most = usize::MAX / 2;
        let learners = [
            (
                "learner.directions",
                LearnerConfig::Ars(ArsConfig { directions: most, ..ArsConfig::default() }),
            ),
            (
                "learner.window",
                LearnerConfig::RmSorn(RmSornConfig { window: most, ..RmSornConfig::default() }),
            ),
            ("learner.n_steps", LearnerConfig::Ppo(PpoConfig { n_steps: most, ..PpoConfig::default() })),
        ];
        for (key, learner) in learners {
            let error = refusal(&AgentConfig { learner, ..AgentConfig::default() });
            let expected = format!("{key}: expected what fits in memory, found {most}, which needs ");
            assert!(error.starts_with(&expected), "{error}");
        }
        let encoder = EncoderConfig::Thermometer(ThermometerConfig { cells: most, ..Default::default() });
        let error = refusal(&AgentConfig { encoder, ..AgentConfig::default() });
        assert!(error.contains("gives 9223372036854775807 inputs"), "{error}");
    }

    #[test]
    fn spaces_may_be_too_wide() {
        let wide = Space::discrete(1 << 40).unwrap();
        let error = |observations: &Space, actions: &Space| {
            Agent::new(&AgentConfig::default(), observations, actions, 0).unwrap_err().to_string()
        };
        let narrow = Space::discrete(2).unwrap();
        let text = error(&wide, &narrow);
        assert!(
            text.ends_with("found 1099511627776 numbers to encode and 400 inputs, which need 3.6 PB"),
            "{text}"
        );
        let inputs = vec![Input::Observation, Input::Action];
        let config = AgentConfig { inputs, ..AgentConfig::default() };
        let text = Agent::new(&config, &narrow, &wide, 0).unwrap_err().to_string();
        assert!(text.contains("found 1099511627778 numbers to encode and 400 inputs, which need "), "{text}");
        let text = error(&narrow, &wide);
        assert!(text.ends_with("found 801 features for 1099511627776 scores, which need 42.4 PB"), "{text}");
    }
}
