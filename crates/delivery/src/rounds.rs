//! Looking again and again what is due, and seeing to each by itself, so that a slow one holds up no other.

use std::collections::HashSet;
use std::hash::Hash;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use lucca::clock::Clock;

/// For ever: asks every so often what is due, and sees to what is not seen to already.
pub(crate) async fn for_ever<Id: Copy + Eq + Hash>(
    clock: &dyn Clock,
    every: Duration,
    due: impl AsyncFn() -> Vec<Id>,
    see_to: impl AsyncFn(Id),
) {
    let see_to = &see_to;
    let mut under_way = FuturesUnordered::new();
    let mut at_it: HashSet<Id> = HashSet::new();
    loop {
        for id in due().await.into_iter().filter(|id| at_it.insert(*id)) {
            under_way.push(Box::pin(async move {
                see_to(id).await;
                id
            }));
        }
        let mut pause = clock.sleep(every);
        loop {
            tokio::select! {
                () = &mut pause => break,
                Some(id) = under_way.next() => {
                    at_it.remove(&id);
                }
            }
        }
    }
}
