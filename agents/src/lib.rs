//! sorn-agents
