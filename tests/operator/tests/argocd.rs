//! Segments in Git: Argo CD with the scripts of `argocd/` shows what becomes of them. It is the Argo CD of the cluster under
//! test; GIT_URL names a repository that both it and this test reach, where it is not on this machine.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use segment_crds::Segment;
use segment_operator_tests::{ACCOUNT, Cluster, DEADLINE, Namespace, Repository, Store, until, with_store};
use serde_json::{Value, json};

struct Application {
    api: Api<DynamicObject>,
    name: String,
}

impl Application {
    /// That of `argocd/application.yaml`, for this repository and namespace.
    async fn apply(namespace: &Namespace, repository: &Repository) -> Result<Self> {
        let text = include_str!("../../../argocd/application.yaml");
        let mut object: Value = serde_saphyr::from_str(text)?;
        object["metadata"]["name"] = json!(namespace.name);
        object["spec"]["source"]["repoURL"] = json!(repository.url());
        object["spec"]["source"]["path"] = json!(repository.path());
        object["spec"]["destination"]["namespace"] = json!(namespace.name);
        namespace.cluster.apply(&object).await?;
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Application"));
        let api = Api::namespaced_with(namespace.cluster.client(), "argocd", &kind);
        Ok(Self { api, name: namespace.name.clone() })
    }

    /// Has it look at Git now.
    async fn refresh(&self) -> Result<()> {
        let patch = json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}});
        self.api.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Has it look at Git now, and waits until it has.
    async fn look_again(&self) -> Result<()> {
        let before = self.status().await?["reconciledAt"].clone();
        until("it has looked again", DEADLINE, async || {
            self.refresh().await?;
            let now = self.status().await?["reconciledAt"].clone();
            Ok(if now == before { Err(now.to_string()) } else { Ok(()) })
        })
        .await
    }

    /// What it has synced so far.
    async fn syncs(&self) -> Result<(Value, Value)> {
        let status = self.status().await?;
        Ok((status["history"].clone(), status["operationState"]["finishedAt"].clone()))
    }

    /// Deletes it with all that it made, and waits until it is gone: it would make its namespace anew.
    async fn delete(&self) -> Result<()> {
        self.api.delete(&self.name, &DeleteParams::default()).await?;
        until("the Application is gone", DEADLINE, async || {
            Ok(if self.api.get_opt(&self.name).await?.is_none() { Ok(()) } else { Err("it is there".to_owned()) })
        })
        .await
    }

    async fn status(&self) -> Result<Value> {
        Ok(self.api.get(&self.name).await?.data["status"].clone())
    }

    /// Waits until it has synced this revision and shows this health, with no operation under way.
    async fn until(&self, revision: &str, health: &str) -> Result<Value> {
        until(&format!("the Application is {health} at {revision}"), DEADLINE, async || {
            let status = self.status().await?;
            let sync = &status["sync"];
            let found = sync["status"] == "Synced"
                && sync["revision"] == revision
                && status["health"]["status"] == health
                && status["operationState"]["phase"] == "Succeeded";
            Ok(if found { Ok(status) } else { Err(status.to_string()) })
        })
        .await
    }
}

/// The health of one Segment in an Application's status.
fn health_of<'a>(status: &'a Value, segment: &str) -> Option<&'a Value> {
    let resources = status["resources"].as_array()?;
    Some(&resources.iter().find(|resource| resource["name"] == segment)?["health"])
}

fn segment(name: &str, property: &Value) -> Value {
    json!({
        "apiVersion": "segmentation.dev/v1alpha1", "kind": "Segment", "metadata": {"name": name},
        "spec": {"storeRef": {"name": "main"}, "account": ACCOUNT, "criteria": [{"name": "plan", "property": property}]},
    })
}

fn plan(plan: &str) -> Value {
    json!({"name": "plan", "equals": plan})
}

async fn has_argocd(cluster: &Cluster) -> Result<bool> {
    let definitions: Api<CustomResourceDefinition> = Api::all(cluster.client());
    Ok(definitions.get_opt("applications.argoproj.io").await?.is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn argo_cd_shows_what_becomes_of_segments_in_git() -> Result<()> {
    let cluster = Cluster::connect().await?;
    if !has_argocd(&cluster).await? {
        eprintln!("LEFT OUT: there is no Argo CD in this cluster");
        return Ok(());
    }
    with_store(1, async |namespace, store, _shards| {
        let repository = Repository::new(&namespace.name)?;
        let test = Test { namespace: &namespace, store: &store, repository: &repository };
        let first = repository.commit("paying", Some(&segment("paying", &plan("gold"))))?;
        // The members cannot be committed yet when Argo CD has synced.
        store.hold_commits().await?;
        let application = Application::apply(&namespace, &repository).await?;
        let outcome = test.steps(&application, &first).await;
        application.delete().await?;
        outcome?;
        store.until_members_are_gone("kept").await
    })
    .await
}

struct Test<'a> {
    namespace: &'a Namespace,
    store: &'a Store,
    repository: &'a Repository,
}

impl Test<'_> {
    async fn steps(&self, application: &Application, first: &str) -> Result<()> {
        application.until(first, "Progressing").await?;
        ensure!(self.store.members("paying").await?.is_empty(), "members before a commit");
        self.store.let_commit().await?;
        application.until(first, "Healthy").await?;
        ensure!(self.store.members("paying").await?.contains("ada"), "healthy without members");
        self.an_edit_is_healthy_when_the_members_are_the_new_ones(application).await?;
        self.a_bad_segment_is_degraded_with_the_reason(application).await?;
        self.a_change_by_hand_is_taken_back(application).await?;
        self.status_starts_no_sync(application).await?;
        self.a_pruned_segment_loses_its_members(application).await
    }

    async fn an_edit_is_healthy_when_the_members_are_the_new_ones(&self, application: &Application) -> Result<()> {
        let edited = self.repository.commit("paying", Some(&segment("paying", &plan("silver"))))?;
        application.refresh().await?;
        application.until(&edited, "Healthy").await?;
        ensure!(self.store.members("paying").await?.contains("cem"), "healthy with old members");
        Ok(())
    }

    /// One that the API server takes and the operator refuses.
    async fn a_bad_segment_is_degraded_with_the_reason(&self, application: &Application) -> Result<()> {
        let bad = segment("bad", &json!({"name": "plan", "matches": "("}));
        let revision = self.repository.commit("bad", Some(&bad))?;
        application.refresh().await?;
        let degraded = application.until(&revision, "Degraded").await?;
        let message = health_of(&degraded, "bad").context("no health of the bad Segment")?["message"].to_string();
        ensure!(message.contains("SpecRefused") && message.contains("spec.criteria[0]"), "{message}");
        let mended = self.repository.commit("bad", None)?;
        application.refresh().await?;
        application.until(&mended, "Healthy").await.map(drop)
    }

    async fn a_change_by_hand_is_taken_back(&self, application: &Application) -> Result<()> {
        let segments: Api<Segment> = self.namespace.api();
        let before = segments.get("paying").await?.metadata.generation;
        let drift = json!({"spec": {"criteria": [{"name": "plan", "property": plan("gold")}]}});
        segments.patch("paying", &PatchParams::default(), &Patch::Merge(drift)).await?;
        until("it is taken back", DEADLINE, async || {
            let now = segments.get("paying").await?;
            let silver = serde_json::to_string(&now.spec)?.contains("silver");
            Ok(if silver && now.metadata.generation > before { Ok(()) } else { Err("it stands".to_owned()) })
        })
        .await?;
        self.store.until_members("paying", &["cem", "dot"]).await?;
        let revision = self.repository.revision()?;
        application.until(&revision, "Healthy").await.map(drop)
    }

    async fn status_starts_no_sync(&self, application: &Application) -> Result<()> {
        let segments: Api<Segment> = self.namespace.api();
        application.look_again().await?;
        let before = application.syncs().await?;
        for members in 0..200 {
            let status = json!({"status": {"memberCount": members}});
            segments.patch_status("paying", &PatchParams::default(), &Patch::Merge(status)).await?;
        }
        application.look_again().await?;
        let after = application.syncs().await?;
        ensure!(before == after, "status started a sync: {before:?}, then {after:?}");
        Ok(())
    }

    async fn a_pruned_segment_loses_its_members(&self, application: &Application) -> Result<()> {
        // A folder without objects is taken for a mistake, so one stays.
        self.repository.commit("kept", Some(&segment("kept", &plan("gold"))))?;
        let revision = self.repository.commit("paying", None)?;
        application.refresh().await?;
        application.until(&revision, "Healthy").await?;
        self.store.until_members_are_gone("paying").await?;
        self.store.until_members("kept", &["ada", "bob"]).await.map(drop)
    }
}
