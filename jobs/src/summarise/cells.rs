//! Cells of traits: profiles whose values one look can judge are one bitmap, so that a test of a trait looks at cells and
//! not at profiles. Only the cells that a range cuts are looked at member by member. Of free texts, which are too many for
//! cells page by page, each has one bitmap over the unit.
//!
//! Each building has a number, and its rows stand beside those of the building before until a mark makes them count; then
//! the older ones go. An evaluation notes which building it uses, and asks at its end whether that still counts.

use clickhouse::Row;
use futures::{StreamExt, TryStreamExt, stream};
use segment_sql::{Statement, summary as sql};
use serde::{Deserialize, Serialize};

use super::{AT_ONCE, SCOPE, mark_version};
use crate::{
    evaluate::plan::Form,
    shards::{Call, LONG_LIMIT, Shard, ShardError},
};

/// A trait of more different values has no cells, unless they can be put in order.
const VALUES_MAX: u64 = 4096;
/// Texts that fewer profiles share, on average, have no cells page by page: those would be nearly empty.
const PROFILES_PER_CELL: u64 = 64;
/// Texts that fewer profiles share, on average, are left where they are: nothing would be saved.
const PROFILES_PER_TEXT: u64 = 8;
/// Numbers, times and dates of at most so many values have a cell for each.
const ORDERED_VALUES_MAX: u64 = 256;
/// Rows of traits that one statement puts into cells, unless a single trait has more. Bounds its memory.
const BATCH_ROWS: u64 = 4_000_000;
/// Traits that one statement puts into cells. Bounds the length of its parameters.
const BATCH_TRAITS: usize = 100;

/// What the traits of a unit look like; as `survey_traits` counts them.
#[derive(Clone, Debug, Row, Deserialize)]
struct Survey {
    r#trait: String,
    profiles: u64,
    values: u64,
    texts: u64,
    about_texts: u64,
    items: u64,
    ordered: u64,
    compound: u64,
}

#[derive(Row, Serialize)]
struct SummaryRow {
    account: u64,
    bucket: u16,
    r#trait: String,
    built: u8,
    form: i8,
    build: u64,
    version: u64,
}

#[derive(Row, Deserialize)]
struct Found {
    #[expect(dead_code, reason = "that there is a row is the answer")]
    found: u8,
}

/// Marks the cells of a unit as changing: evaluations read its traits again. `version` rises with each load.
pub async fn invalidate(shard: &Shard, account: u64, bucket: u16, version: u64) -> Result<(), ShardError> {
    let unit = Unit { shard, account, bucket, build: version };
    unit.call(sql::MARK_CELLS).param("version", mark_version(version, false)).execute().await
}

/// Builds the cells of a unit, marks them, and deletes those of earlier buildings. `version` rises with each load.
pub async fn build(shard: &Shard, account: u64, bucket: u16, version: u64) -> Result<(), ShardError> {
    let unit = Unit { shard, account, bucket, build: version };
    let surveys: Vec<Survey> = unit.call(sql::SURVEY_TRAITS).rows().await?;
    let formed: Vec<(Survey, Form)> = surveys
        .into_iter()
        .filter_map(|survey| Some((survey.form()?, survey)))
        .map(|(form, survey)| (survey, form))
        .collect();
    stream::iter(batches(&formed)).map(|batch| unit.build(batch)).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    unit.mark(&formed).await?;
    unit.delete_old().await
}

struct Unit<'a> {
    shard: &'a Shard,
    account: u64,
    bucket: u16,
    build: u64,
}

impl<'a> Unit<'a> {
    fn call(&self, statement: Statement) -> Call<'a> {
        self.shard.call(statement, SCOPE).param("account", self.account).param("bucket", self.bucket).limit(LONG_LIMIT)
    }

    async fn build(&self, batch: &[(Survey, Form)]) -> Result<(), ShardError> {
        let names = |wanted: &[Form]| -> Vec<&str> {
            let chosen = batch.iter().filter(|(_, form)| wanted.contains(form));
            chosen.map(|(survey, _)| survey.r#trait.as_str()).collect()
        };
        let (by_value, by_text) = (names(&[Form::Values]), names(&[Form::Texts]));
        let in_cells = names(&[Form::Values, Form::Stretches]);
        if !by_text.is_empty() {
            self.call(sql::BUILD_TEXTS).param("traits", &by_text).param("build", self.build).execute().await?;
        }
        if in_cells.is_empty() {
            return Ok(());
        }
        let call = self.call(sql::BUILD_CELL_PAGES).param("traits", &in_cells).param("by_value", &by_value);
        call.param("build", self.build).execute().await?;
        self.call(sql::BUILD_CELLS).param("traits", &in_cells).param("build", self.build).execute().await
    }

    async fn mark(&self, formed: &[(Survey, Form)]) -> Result<(), ShardError> {
        let rows: Vec<SummaryRow> = formed
            .iter()
            .map(|(survey, form)| SummaryRow {
                account: self.account,
                bucket: self.bucket,
                r#trait: survey.r#trait.clone(),
                built: 1,
                form: *form as i8,
                build: self.build,
                version: mark_version(self.build, true),
            })
            .collect();
        self.shard.insert_all("trait_summaries", SCOPE, rows).await
    }

    async fn delete_old(&self) -> Result<(), ShardError> {
        let old: Option<Found> = self.call(sql::OLD_CELLS).param("build", self.build).row().await?;
        if old.is_some() {
            for statement in [sql::DELETE_OLD_CELLS, sql::DELETE_OLD_CELL_PAGES, sql::DELETE_OLD_TEXTS] {
                self.call(statement).param("build", self.build).execute().await?;
            }
        }
        Ok(())
    }
}

impl Survey {
    /// How the trait is put into cells; none if it has too many values for that.
    fn form(&self) -> Option<Form> {
        let consent = self.r#trait.starts_with("consent/");
        if self.items > VALUES_MAX || (consent && self.compound > 0) {
            return None;
        }
        let shared_by = |profiles: u64| self.about_texts.saturating_mul(profiles) <= self.profiles;
        let only_texts = !consent && self.ordered == 0 && self.compound == 0;
        if only_texts && (self.texts > VALUES_MAX || !shared_by(PROFILES_PER_CELL)) && shared_by(PROFILES_PER_TEXT) {
            return Some(Form::Texts);
        }
        // Consents are told apart by the time when they were given, so their values cannot be ordered too.
        if self.values <= ORDERED_VALUES_MAX || (self.values <= VALUES_MAX && (self.ordered == 0 || consent)) {
            return Some(Form::Values);
        }
        (self.texts <= VALUES_MAX && self.ordered > 0 && !consent).then_some(Form::Stretches)
    }
}

/// Cuts traits into what one statement can bear.
fn batches(formed: &[(Survey, Form)]) -> Vec<&[(Survey, Form)]> {
    let mut batches = Vec::new();
    let (mut from, mut rows) = (0, 0);
    for (at, (survey, _)) in formed.iter().enumerate() {
        if at > from && (at - from >= BATCH_TRAITS || rows + survey.profiles > BATCH_ROWS) {
            batches.push(&formed[from..at]);
            (from, rows) = (at, 0);
        }
        rows += survey.profiles;
    }
    if from < formed.len() {
        batches.push(&formed[from..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(name: &str, values: u64, texts: u64, ordered: u64) -> Survey {
        Survey {
            r#trait: name.to_owned(),
            profiles: 300_000,
            values,
            texts,
            about_texts: texts,
            items: 0,
            ordered,
            compound: 0,
        }
    }

    #[test]
    fn few_values_have_a_cell_each_and_many_are_put_in_order() {
        assert_eq!(survey("p/country", 200, 200, 0).form(), Some(Form::Values));
        assert_eq!(survey("p/city", 4096, 4096, 0).form(), Some(Form::Values));
        let email = Survey { about_texts: 299_000, ..survey("p/email", 4097, 4097, 0) };
        assert_eq!(email.form(), None);
        assert_eq!(survey("p/tier", 5, 0, 9_000).form(), Some(Form::Values));
        assert_eq!(survey("p/value", 4097, 12, 9_000).form(), Some(Form::Stretches));
        assert_eq!(survey("p/mixed", 4097, 4097, 9_000).form(), None);
    }

    #[test]
    fn free_texts_are_kept_by_text_where_profiles_share_them() {
        let town = |profiles, texts| Survey { profiles, ..survey("p/town", texts, texts, 0) };
        assert_eq!(town(64_000, 1000).form(), Some(Form::Values));
        assert_eq!(town(63_999, 1000).form(), Some(Form::Texts));
        assert_eq!(town(32_776, 4097).form(), Some(Form::Texts));
        assert_eq!(town(32_775, 4097).form(), None);
        assert_eq!(Survey { compound: 1, ..town(32_776, 4097) }.form(), None);
        assert_eq!(Survey { ordered: 1, ..town(32_776, 4097) }.form(), None);
    }

    #[test]
    fn consents_are_never_put_in_order_of_their_values() {
        assert_eq!(survey("consent/sms", 3, 3, 0).form(), Some(Form::Values));
        assert_eq!(survey("consent/sms", 300, 3, 300).form(), Some(Form::Values));
        assert_eq!(survey("consent/sms", 4097, 3, 300).form(), None);
        assert_eq!(Survey { compound: 1, ..survey("consent/sms", 3, 3, 0) }.form(), None);
    }

    #[test]
    fn a_statement_gets_a_bounded_number_of_traits_and_rows() {
        let formed = |profiles: &[u64]| -> Vec<(Survey, Form)> {
            let survey = |profiles: &u64| Survey { profiles: *profiles, ..survey("p/x", 1, 1, 0) };
            profiles.iter().map(|profiles| (survey(profiles), Form::Values)).collect()
        };
        let lengths = |profiles: &[u64]| batches(&formed(profiles)).into_iter().map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[1; 201]), [100, 100, 1]);
        assert_eq!(lengths(&[9_000_000, 1, 3_999_999, 1]), [1, 2, 1]);
    }
}
