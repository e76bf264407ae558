//! Services, orders, jobs and artifacts: what they keep in memory, bring from a seed and do in the background.

use std::sync::Arc;

use super::core::Core;
use crate::Tasks;

/// What is kept in memory.
#[derive(Debug, Default)]
pub(crate) struct Work {}

/// Starts the background work.
pub(crate) fn background(_core: &Arc<Core>, _tasks: &Tasks) {}
