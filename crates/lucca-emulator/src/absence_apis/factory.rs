//! The request factory and the leave calendar. Source: absences.md §5.1.

use axum::http::StatusCode;
use jiff::civil::Date;
use serde_json::{Value as Json, json};

use super::{
    Reply, Request,
    body::{self, FactoryBody, invalid},
    object::{OfferContext, object},
};
use crate::{
    absence_writes::WriteKind,
    company::absences::{
        place,
        rules::{self, Extent, Share, Warning, Weight},
    },
    errors::Refusal,
    mutations::requests::{RequestDraft, RequestOutcome},
    switches::{AutoCreateFalse, FactoryAccess, FactoryAnswer, FactoryRefusal},
};

impl Request<'_> {
    /// Checks rights before anything else, even before the factory's existence.
    fn may_use_factory(&self, there: bool) -> Result<(), Refusal> {
        self.needs(self.key.rights.make_absence_requests)?;
        match self.switches.factory_access {
            _ if !there => Err(Refusal::no_route()),
            FactoryAccess::Allowed => Ok(()),
            FactoryAccess::Forbidden => Err(Refusal::of(StatusCode::FORBIDDEN, "Forbidden")),
            FactoryAccess::Unauthorized => Err(Refusal::unauthorized()),
        }
    }

    fn day(&self, key: &'static str) -> Result<Date, Refusal> {
        self.query.get(&key.to_lowercase()).and_then(|text| text.parse().ok()).ok_or_else(|| invalid(key))
    }

    fn flag(&self, key: &'static str) -> Result<bool, Refusal> {
        match self.query.get(&key.to_lowercase()).map(str::to_lowercase).as_deref() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(invalid(key)),
        }
    }

    /// unverified: the optional parameters, and the answer to an impossible period.
    pub(super) fn discover(&self) -> Result<Reply, Refusal> {
        let factory = self.switches.absence_factory;
        self.may_use_factory(factory.has_a() || factory.has_b())?;
        let owner =
            self.query.get("ownerid").and_then(|id| id.parse().ok()).ok_or_else(|| invalid("ownerId"))?;
        self.in_scope(owner)?;
        let extent = Extent {
            starts: self.day("startsOn")?,
            starts_am: self.flag("startsAM")?,
            ends: self.day("endsOn")?,
            ends_am: self.flag("endsAM")?,
        };
        Ok(Reply::json(&self.object(owner, extent, &[], None, !factory.has_a())))
    }

    /// The object about a period; with the warnings of the period itself unless others are given.
    fn object(
        &self,
        owner: i64,
        extent: Extent,
        shares: &[Share],
        warnings: Option<Vec<Warning>>,
        generation_b: bool,
    ) -> Json {
        self.read_view(|view| {
            let Some(person) = view.company.person(owner) else { return Json::Null };
            let warnings = warnings.unwrap_or_else(|| {
                let worked = extent.worked_by(person);
                rules::of_period(&extent, &worked, &rules::taken(view.company, owner), view.today)
            });
            object(view, &OfferContext { person, extent, shares, warnings, generation_b })
        })
    }

    pub(super) fn create(&self, generation_b: bool) -> Result<Reply, Refusal> {
        let factory = self.switches.absence_factory;
        self.may_use_factory(if generation_b { factory.has_b() } else { factory.has_a() })?;
        let body = body::object(self.label, self.body)?;
        let factory_body = FactoryBody::read(&body, generation_b)?;
        let owner = factory_body.draft.owner;
        self.in_scope(owner)?;
        let creates = factory_body.auto_create
            || match self.switches.auto_create_false {
                AutoCreateFalse::Creates => true,
                AutoCreateFalse::CreatesInB => generation_b,
                AutoCreateFalse::Simulates => false,
            };
        // unverified: that this parameter prevents the creation.
        let creates =
            creates && !self.query.get("iscreation").is_some_and(|flag| flag.eq_ignore_ascii_case("false"));
        let draft = factory_body.into_draft();
        if !creates {
            return Ok(self.simulated(&draft, generation_b));
        }
        let outcome = self.tenant.request_absence(&draft, self.switches).ok_or_else(|| invalid("ownerId"))?;
        let echo =
            |warnings| Reply::json(&self.object(owner, draft.extent, &draft.shares, warnings, generation_b));
        match outcome {
            RequestOutcome::Created(ids) => {
                self.record_write(WriteKind::Request, owner, ids);
                Ok(match self.switches.factory_answer {
                    FactoryAnswer::RequestId => {
                        Reply::json(&self.wrapped(&json!({"id": ids.leave_request_id})))
                    }
                    FactoryAnswer::Empty => Reply::empty(StatusCode::OK),
                    FactoryAnswer::Echo => echo(Some(Vec::new())),
                })
            }
            RequestOutcome::ToConfirm(warnings) => Ok(echo(Some(warnings))),
            RequestOutcome::Refused(warnings) => self.refused(&warnings, || echo(Some(warnings.clone()))),
        }
    }

    fn simulated(&self, draft: &RequestDraft, generation_b: bool) -> Reply {
        let warnings = self.read_view(|view| {
            let person = view.company.person(draft.owner)?;
            Some(rules::judge(view.company, person, &draft.extent, &draft.shares, view.today).warnings)
        });
        Reply::json(&self.object(draft.owner, draft.extent, &draft.shares, warnings, generation_b))
    }

    fn refused(&self, warnings: &[Warning], echo: impl FnOnce() -> Reply) -> Result<Reply, Refusal> {
        let weighty = warnings.iter().filter(|one| one.weight != Weight::Informs);
        let said: Vec<&str> = weighty.map(|one| one.text.as_str()).collect();
        let said = said.join(" ");
        match self.switches.factory_refusal {
            FactoryRefusal::Problem400 => Err(Refusal::problem(said)),
            FactoryRefusal::Problem409 => Err(Refusal::conflict(said)),
            FactoryRefusal::Text400 => {
                Ok(Reply { status: StatusCode::BAD_REQUEST, label: "text/plain; charset=utf-8", body: said })
            }
            FactoryRefusal::Invalid200 => Ok(echo()),
        }
    }

    /// Periods of one person. Requests give both ends by the first day of their months: the whole last month
    /// is meant. unverified: that, and that pending absences are included.
    pub(super) fn calendar(&self, owner: i64) -> Result<Reply, Refusal> {
        self.needs(self.key.rights.consult_leaves)?;
        let (from, to) = (self.day("startsOn")?, self.day("endsOn")?.last_of_month());
        self.read_view(|view| {
            let person = view.company.person(owner).filter(|person| view.sees_absences_of(person));
            let person = person.ok_or_else(|| Refusal::not_found("User not found"))?;
            let all = &view.company.absences;
            let shown =
                all.of(person.id).filter(|(_, one)| one.is_active() && one.starts <= to && one.ends >= from);
            let periods: Vec<Json> = shown
                .map(|(_, period)| {
                    let mut names: Vec<&str> = Vec::new();
                    for half in period.places().filter_map(|at| all.halves.get(place(at))) {
                        let known = view.company.leave_accounts.iter();
                        let name = known
                            .filter(|one| one.id == i64::from(half.account))
                            .map(|one| one.name.as_str());
                        names.extend(name.filter(|name| !names.contains(name)).collect::<Vec<_>>());
                    }
                    names.retain(|_| view.rights.show_leave_details);
                    json!({
                        "startsOn": format!("{}T00:00:00", period.starts),
                        "endsOn": format!("{}T00:00:00", period.ends),
                        "accountNames": names,
                    })
                })
                .collect();
            Ok(Reply::json(&json!({ "periods": periods })))
        })
    }
}
