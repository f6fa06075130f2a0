//! The gate before the storage: calls are let through one at a time, in the order that is laid down.

use super::*;

/// Where threads wait before each storage call until they are let through.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    moved: Condvar,
}

#[derive(Default)]
pub(crate) struct GateState {
    closed: bool,
    waiting: [bool; 2],
    admitted: Option<usize>,
    done: [bool; 2],
}

impl GateState {
    /// Nobody is on the way: each waits or is done.
    fn is_still(&self) -> bool {
        self.admitted.is_none() && (0..2).all(|who| self.waiting[who] || self.done[who])
    }
}

impl Gate {
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
    }

    pub(crate) fn pass(&self, who: usize) {
        let mut state = self.state.lock();
        if !state.closed {
            return;
        }
        state.waiting[who] = true;
        self.moved.notify_all();
        while state.admitted != Some(who) {
            self.moved.wait(&mut state);
        }
        state.admitted = None;
        state.waiting[who] = false;
    }

    /// Lets one after another through: as laid down, then whoever came last as long as it goes on.
    pub(crate) fn direct(&self, beginning: &[usize]) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        let mut state = self.state.lock();
        loop {
            while !state.is_still() {
                self.moved.wait(&mut state);
            }
            let open: Vec<usize> = (0..2).filter(|who| state.waiting[*who]).collect();
            let Some(first) = open.first() else {
                state.closed = false;
                return turns;
            };
            let wanted = beginning.get(turns.len()).or(turns.last().map(|turn| &turn.choice)).unwrap_or(first);
            let choice = if open.contains(wanted) { *wanted } else { *first };
            turns.push(Turn { choice, free: open.len() == 2 });
            state.admitted = Some(choice);
            self.moved.notify_all();
        }
    }
}

/// Says so when a thread is through, however it ends.
pub(crate) struct Done {
    pub(crate) gate: Arc<Gate>,
    pub(crate) who: usize,
}

impl Drop for Done {
    fn drop(&mut self) {
        self.gate.state.lock().done[self.who] = true;
        self.gate.moved.notify_all();
    }
}

pub(crate) struct Gated {
    pub(crate) inner: Arc<Faulty>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) who: usize,
    /// How many effects had been written when this hand last read.
    pub(crate) last: AtomicUsize,
}

impl Storage for Gated {
    fn read(&self, keys: Vec<Vec<u8>>) -> std::result::Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.gate.pass(self.who);
        self.last.store(self.inner.ledger.effects().len(), Ordering::Relaxed);
        self.inner.read(keys)
    }

    fn scan(
        &self,
        prefix: Vec<u8>,
        after: Vec<u8>,
        limit: u32,
    ) -> std::result::Result<Vec<StoredRecord>, StorageError> {
        self.gate.pass(self.who);
        self.inner.scan(prefix, after, limit)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> std::result::Result<(), StorageError> {
        self.gate.pass(self.who);
        self.inner.write(batch)
    }
}
