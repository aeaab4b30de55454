//! Writes the status of a store, if it says something new.

use kube::{
    Api,
    api::{Patch, PatchParams},
    runtime::events::EventType,
};
use segment_crds::{SegmentStore, SegmentStoreStatus};
use serde_json::json;

use crate::{
    context::{Context, Said},
    names::{
        STATUS_FIELD_MANAGER, StoreKey,
        condition::{READY, REMOVAL_HELD, STALLED},
    },
};

/// Writes the status unless it is the one that is there.
pub(crate) async fn update_status(
    ctx: &Context,
    key: &StoreKey,
    uid: Option<&str>,
    old: Option<&SegmentStoreStatus>,
    new: &SegmentStoreStatus,
) -> Result<(), kube::Error> {
    if old == Some(new) {
        return Ok(());
    }
    let api: Api<SegmentStore> = Api::namespaced(ctx.client.clone(), &key.namespace);
    let patch = json!({
        "apiVersion": "segmentation.dev/v1alpha1",
        "kind": "SegmentStore",
        "metadata": {"name": key.name, "uid": uid},
        "status": new,
    });
    let params = PatchParams::apply(STATUS_FIELD_MANAGER).force();
    match api.patch_status(&key.name, &params, &Patch::Apply(&patch)).await {
        Ok(_) => {
            ctx.metrics.status_writes.get_or_create(&crate::metrics::Kind::STORE).inc();
            Ok(())
        }
        // It was deleted, or deleted and made again: the next look sees the new one.
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(()),
        Err(error) => Err(error),
    }
}

/// Tells of a store that needs a person, and of one that does no more.
pub(crate) async fn announce(ctx: &Context, store: &SegmentStore, old: &SegmentStoreStatus, new: &SegmentStoreStatus) {
    for (type_, event) in
        [(STALLED, EventType::Warning), (REMOVAL_HELD, EventType::Warning), (READY, EventType::Normal)]
    {
        let find = |status: &SegmentStoreStatus| status.conditions.iter().find(|one| one.type_ == type_).cloned();
        let (Some(after), before) = (find(new), find(old)) else { continue };
        let same = before.is_some_and(|before| before.status == after.status && before.reason == after.reason);
        if after.status == "True" && !same {
            ctx.tell(store, event, Said { reason: &after.reason, action: "Reconcile", note: &after.message }).await;
        }
    }
}
