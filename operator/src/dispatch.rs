//! One worker a store: each works alone, and a store's trouble holds up no other.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use kube::ResourceExt;
use tokio::{
    sync::{Semaphore, mpsc::Receiver},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{bell::Bell, context::Context, names::StoreKey, watch::Wake, worker::Worker};

/// Stores that are worked on at the same time; the others wait. Each may send as many statements as it has shards.
const AT_ONCE: usize = 16;

struct Dispatcher {
    ctx: Arc<Context>,
    workers: HashMap<StoreKey, (Arc<Bell>, JoinHandle<()>)>,
    /// Where each Segment was last seen: one that moves concerns the store that it leaves, too.
    homes: HashMap<String, StoreKey>,
    tasks: TaskTracker,
    permits: Arc<Semaphore>,
    stop: CancellationToken,
}

/// Wakes workers until it is stopped, then waits for them.
pub(crate) async fn dispatch(ctx: Arc<Context>, mut wakes: Receiver<Wake>, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let (workers, homes, tasks) = (HashMap::new(), HashMap::new(), TaskTracker::new());
    let mut dispatcher = Dispatcher { ctx, workers, homes, tasks, permits, stop };
    dispatcher.wake_all();
    loop {
        let wake = tokio::select! {
            () = dispatcher.stop.cancelled() => None,
            wake = wakes.recv() => wake,
        };
        match wake {
            None => break,
            Some(Wake::All) => dispatcher.wake_all(),
            Some(Wake::Store(store)) => dispatcher.wake(store),
            Some(Wake::Segment { path, store }) => {
                if let Some(left) = dispatcher.homes.insert(path, store.clone()).filter(|left| *left != store) {
                    dispatcher.wake(left);
                }
                dispatcher.wake(store);
            }
        }
    }
    dispatcher.tasks.close();
    dispatcher.tasks.wait().await;
}

impl Dispatcher {
    /// Wakes every store that there is, that is named by a Segment, or that was worked on.
    fn wake_all(&mut self) {
        let mut stores: BTreeSet<StoreKey> = self.workers.keys().cloned().collect();
        stores.extend(
            self.ctx
                .stores
                .state()
                .into_iter()
                .map(|store| StoreKey { namespace: store.namespace().unwrap_or_default(), name: store.name_any() }),
        );
        let segments = self.ctx.segments.state();
        stores.extend(segments.iter().map(|segment| segment.store.clone()));
        self.homes = segments.into_iter().map(|segment| (segment.path(), segment.store.clone())).collect();
        for store in stores {
            self.wake(store);
        }
    }

    fn wake(&mut self, store: StoreKey) {
        if let Some((bell, task)) = self.workers.get(&store)
            && !task.is_finished()
            && bell.ring()
        {
            return;
        }
        let bell = Arc::<Bell>::default();
        bell.ring();
        let worker = Worker::new(self.ctx.clone(), store.clone(), bell.clone());
        let (permits, stop) = (self.permits.clone(), self.stop.clone());
        let task = self.tasks.spawn(worker.work(permits, stop));
        self.workers.insert(store, (bell, task));
    }
}
