//! `check`: checks that the tenant answers, that the key is good, and what it can read. For a linked account
//! it stores the result.

use std::process::ExitCode;

use linking::{Diagnosis, Headline, Permission, Probe, Silent, Verdict, account_features};
use lucca::TenantUrl;
use people::Language;
use people::{Feature, Features};
use people::{FieldGroup, FieldGroups, WorkPart};
use serde_json::{Value, json};
use store::{AccountSettings, Actor, DiagnosisSource};
use texts::Texts;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};
use crate::key_input::KeySource;
use crate::output::line;
use crate::session::{self, Pace};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Tenant URL to check with a given key [default: check a linked account with its stored key]
    tenant: Option<String>,
    #[command(flatten)]
    key: KeySource,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "tenant")]
    account: Option<String>,
    #[command(flatten)]
    check: CheckOptions,
    #[command(flatten)]
    pace: Pace,
}

/// The features to check, and the language of the result.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckOptions {
    /// Features that the app uses: employees, leaves, absence_requests, jobs, managers, qualifications,
    /// custom_fields [default: all but custom_fields; for a linked account, its present features]
    #[arg(long, value_name = "FEATURE,…")]
    pub(crate) features: Option<Features>,
    /// Language of the findings, and of Lucca's labels in them, such as en or fr
    #[arg(long, default_value_t)]
    pub(crate) language: Language,
}

impl CheckOptions {
    /// The features to check.
    pub(crate) fn features(&self) -> Features {
        self.features.clone().unwrap_or_else(|| Features::all().without(Feature::CustomFields))
    }
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let clock = session::reporting_clock(global, None);
    let today = session::today(&*clock);
    let mut groups = FieldGroups::default();
    let mut headline = None;
    let (tenant, features, checked) = match &args.tenant {
        Some(text) => {
            let tenant = session::tenant_url(text, global.hosts)?;
            let key = args.key.read()?;
            // If the tenant is linked here, the check shares its request budget.
            let data = DataDir::open(global).await.ok();
            let client = session::client(data.as_ref(), tenant.clone(), key, args.pace, &clock).await?;
            let features = args.check.features();
            let checked = linking::examine(&client, &features, today, &Silent).await;
            (tenant, features, checked?)
        }
        None if args.key.is_given() => {
            return Err(Failure::usage(
                "cli.no_tenant",
                "an API key was given without a tenant URL",
                "Also pass the tenant: `lucca-connector check TENANT_URL --key-file FILE`.",
            ));
        }
        None => {
            let data = DataDir::open(global).await?;
            let account = session::account(&data, args.account.as_deref()).await?;
            groups = account_groups(&account.settings);
            let client = session::account_client(&data, &account, args.pace, &clock).await?;
            let features = args.check.features.clone().unwrap_or_else(|| account_features(&account.settings));
            let checked = linking::examine(&client, &features, today, &Silent).await?;
            // A check of other features than the linked ones is not a diagnosis of the account.
            if args.check.features.is_none() {
                let services = session::services(&data, &clock);
                let source = DiagnosisSource::Check;
                let summary = services.note_check(&account, &checked, source, Actor::Cli).await?;
                headline = Some(summary.headline);
            }
            (session::tenant_url(&account.origin, global.hosts)?, features, checked)
        }
    };
    let language = args.check.language;
    let headline = headline.unwrap_or_else(|| checked.headline(&[]));
    if global.json {
        let mut answer = json!({
            "tenant": tenant.origin(),
            "environment": tenant.environment().name(),
        });
        add_to_json(&mut answer, &checked, &headline, language);
        add_read_to_json(&mut answer, groups, &features);
        crate::output::json(&answer);
    } else {
        show(&tenant, &checked, &headline, language);
        line("");
        show_read(groups, &features, language);
    }
    Ok(exit_code(&checked))
}

/// The field groups of employees that syncs of a linked account read.
pub(crate) fn account_groups(settings: &AccountSettings) -> FieldGroups {
    let named = |names: &[String], name: &str| names.iter().any(|one| one == name);
    let is_read = |group: &FieldGroup| {
        named(&settings.field_groups, group.name()) && !named(&settings.declined_features, group.name())
    };
    let parts = [
        (Feature::Jobs, WorkPart::JobTitle),
        (Feature::Managers, WorkPart::Manager),
        (Feature::Qualifications, WorkPart::Qualification),
    ];
    let groups = FieldGroup::ALL.into_iter().filter(is_read).collect::<FieldGroups>();
    let declined =
        parts.into_iter().filter(|(feature, _)| named(&settings.declined_features, feature.name()));
    declined.fold(groups, |groups, (_, part)| groups.leaving_out(part))
}

/// Adds the field groups of employees that syncs read, and the features that write to Lucca.
pub(crate) fn add_read_to_json(answer: &mut Value, groups: FieldGroups, features: &Features) {
    answer["written"] = json!(linking::written(features).collect::<Vec<_>>());
    answer["field_groups"] = json!({
        "read": groups,
        "not_read": FieldGroup::ALL.into_iter().filter(|group| !groups.contains(*group)).collect::<FieldGroups>(),
    });
}

/// Shows the employee data that syncs read, the data that they don't read, and the writes to Lucca.
pub(crate) fn show_read(groups: FieldGroups, features: &Features, language: Language) {
    let read = linking::read_contents(groups, language);
    line(&language.fill("reads-of-people", &[("fields", read.into())]));
    let not_read = linking::unread_contents(groups, language);
    if !not_read.is_empty() {
        line(&language.fill("reads-not-of-people", &[("fields", not_read.into())]));
    }
    line(linking::written_text(features, language));
}

/// The exit code of a check. An unproven permission does not fail a script, because no employee may exist that
/// proves it. Unreadable employees fail it.
pub(crate) fn exit_code(checked: &Diagnosis) -> ExitCode {
    match checked.verdict(Permission::ViewUsers) {
        Some(Verdict::Missing) => ExitCode::from(Exit::PermissionMissing as u8),
        _ => ExitCode::SUCCESS,
    }
}

/// Refuses to link a key that can't read employees.
pub(crate) fn refuse_without_people(checked: &Diagnosis) -> Result<(), Failure> {
    let people = checked.finding(Permission::ViewUsers).filter(|finding| finding.verdict == Verdict::Missing);
    let Some(finding) = people else { return Ok(()) };
    Err(Failure {
        exit: Exit::PermissionMissing,
        code: "lucca.permission_missing".to_owned(),
        message: "the API key lacks the permission to read employees".to_owned(),
        advice: finding.remedy_text(Language::English),
        causes: vec![finding.evidence_text(Language::English)],
        details: None,
    })
}

/// Adds a diagnosis with its texts to a JSON answer.
pub(crate) fn add_to_json(answer: &mut Value, checked: &Diagnosis, headline: &Headline, language: Language) {
    let mut check = json!(checked);
    for (finding, entry) in
        checked.findings.iter().zip(check["findings"].as_array_mut().into_iter().flatten())
    {
        entry["label"] = json!(finding.permission.label(language));
        entry["place"] = json!(finding.permission.place().text(language));
        entry["verdict_text"] = json!(finding.verdict_text(language));
        entry["evidence_text"] = json!(finding.evidence_text(language));
        entry["remedy"] = json!(finding.remedy_text(language));
        entry["consequence"] = json!(finding.consequence_text(language));
    }
    answer["headline"] = json!(headline);
    answer["headline"]["text"] = json!(headline.text(language));
    answer["required_proven"] = json!(checked.required_unsettled(&[]).next().is_none());
    answer["check"] = check;
}

/// Shows a check as text.
pub(crate) fn show(tenant: &TenantUrl, checked: &Diagnosis, headline: &Headline, language: Language) {
    line(&format!("{} ({})", tenant.origin(), tenant.environment().name()));
    line(&headline.text(language));
    line(&format!("✓ {}", Probe::Tenant.label(language)));
    line(&format!("✓ {}", Probe::Key.label(language)));
    if let Some(people) = checked.people.text(language) {
        line(&format!("✓ {people}"));
    }
    for finding in &checked.findings {
        let mark = match finding.verdict {
            Verdict::Granted => "✓",
            Verdict::Missing => "✗",
            Verdict::CannotTell if finding.is_settled(&[]) => "-",
            Verdict::CannotTell => "?",
        };
        let (label, need) = (finding.permission.label(language), finding.need.text(language));
        let (verdict, evidence) = (finding.verdict_text(language), finding.evidence_text(language));
        line(&format!("{mark} {} ({need}) — {verdict}. {evidence}", label.text));
        if let Some(remedy) = finding.remedy_text(language) {
            line(&format!("    {remedy}"));
            line(&format!("    {}", finding.consequence_text(language)));
        }
    }
    if let Some(narrowed) = &checked.narrowed {
        line(&format!("! {}", narrowed.text(language)));
    }
    for excess in &checked.excess {
        // What is written is shown below, with what is read.
        line(&format!("! {}", excess.text(None, language)));
    }
}
