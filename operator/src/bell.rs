//! The bell of a worker: it may be rung at any time, and whoever rings learns whether anybody hears it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A bell.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rings: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether it was rung since somebody heard it.
    is_rung: bool,
    is_closed: bool,
}

impl Bell {
    /// Rings. Whether somebody will hear it.
    pub(crate) fn ring(&self) -> bool {
        let mut state = self.state();
        if !state.is_closed {
            state.is_rung = true;
            self.rings.notify_one();
        }
        !state.is_closed
    }

    /// Returns when it was rung.
    pub(crate) async fn rung(&self) {
        self.rings.notified().await;
        self.state().is_rung = false;
    }

    /// Stops listening, unless it was rung meanwhile. Whether it is closed now.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.state();
        state.is_closed = !state.is_rung;
        state.is_closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_rings_in_vain() {
        let bell = Bell::default();
        assert!(bell.ring());
        assert!(!bell.close(), "it was rung");
        bell.rung().await;
        assert!(bell.close());
        assert!(!bell.ring(), "whoever rings now has to wake another worker");
    }
}
