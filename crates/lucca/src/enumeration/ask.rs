//! Fetches the next page with the fallbacks of the request plan, and continues without a page that the server
//! refuses.

use super::{Enumeration, TypedPage};
use crate::error::{Error, Kind};
use crate::form::{PageRequest, is_refusal, is_wrong_route};
use crate::proof::Note;
use crate::resources::Resource;
use crate::retry::Effort;

impl<T: Resource> Enumeration<T> {
    /// The next page, and the request it answers.
    pub(super) async fn fetch_next(&mut self) -> Result<(TypedPage<T>, PageRequest), Error> {
        let first = self.walk.is_fresh();
        if first {
            self.set_start();
        } else if let Some((request, answer)) = self.ahead.take(self.walk.offset()).await {
            match answer {
                Ok(page) => return Ok((page, request)),
                // It was requested under a plan that was replaced meanwhile.
                Err(_) if request.limit > self.plan.page_size() => self.ahead.clear(),
                Err(error) => {
                    self.ahead.clear();
                    return self.fetch_now(false, Some((error, request))).await;
                }
            }
        }
        self.fetch_now(first, None).await
    }

    /// Requests the next page until it arrives. `failed`: a first attempt that failed.
    async fn fetch_now(
        &mut self,
        first: bool,
        mut failed: Option<(Error, PageRequest)>,
    ) -> Result<(TypedPage<T>, PageRequest), Error> {
        let before = self.plan.clone();
        let mut refusal: Option<Error> = None;
        // The best answer so far, while a better one is requested.
        let mut held: Option<(TypedPage<T>, PageRequest)> = None;
        let mut shape = self.plan.shape();
        let mut attempts = ShrinkAttempts::default();
        loop {
            let (answer, request) = match failed.take() {
                Some((error, request)) => (Err(error), request),
                None => {
                    let request = self.plan.request(self.walk.offset(), self.walk.after());
                    let is_probe = refusal.is_some() || held.is_some();
                    let effort = if is_probe { Effort::Probe } else { Effort::Usual };
                    let stream = self.plan.stream();
                    (self.client.page(stream, &request, effort, self.keep_raw).await, request)
                }
            };
            let mut may_upgrade = first;
            match answer {
                Ok(page) if held.is_none() || !page.items.is_empty() => {
                    held = Some((page, request));
                    shape = self.plan.shape();
                }
                Ok(_) => {}
                Err(error) if held.is_some() => may_upgrade &= is_refusal(&error),
                Err(error) if first && is_refusal(&error) && self.continue_by_offset() => {}
                Err(error) => {
                    let is_downgraded = attempts.allows(&error, first, self.walk.after().is_some())
                        && self.plan.downgrade(&error, first);
                    let specific = more_specific(refusal, error);
                    if !is_downgraded {
                        // No fallback helped: the next call starts where this one did.
                        self.plan = before;
                        return Err(specific);
                    }
                    refusal = Some(specific);
                    continue;
                }
            }
            self.plan.restore_shape(shape);
            if let Some((page, request)) = held.take() {
                if !may_upgrade || !self.plan.upgrade(page.items.len(), page.count) {
                    return Ok((page, request));
                }
                held = Some((page, request));
            }
        }
    }

    /// Turns a checkpoint into a start: after an id, or else at an offset.
    fn set_start(&mut self) {
        let Some(checkpoint) = &self.resume else { return };
        if let Some(id) = checkpoint.after.filter(|_| self.plan.can_read_by_id()) {
            self.plan.start_after(Some(id));
            self.walk.resume_at(0);
            self.start_offset = checkpoint.offset;
        } else {
            self.plan.start_after(None);
            self.walk.resume_at(checkpoint.offset_to_resume());
            self.start_offset = 0;
        }
    }

    /// Starts at an offset after all, because the server can't select records after an id; returns whether
    /// that is another request.
    pub(super) fn continue_by_offset(&mut self) -> bool {
        let Some(checkpoint) = self.resume.as_mut().filter(|_| self.plan.behind().is_some()) else {
            return false;
        };
        checkpoint.after = None;
        self.plan.start_after(None);
        self.start_offset = 0;
        self.walk.resume_at(checkpoint.offset_to_resume());
        true
    }

    /// Whether the server sent records that are not after the requested start id.
    pub(super) fn has_ignored_start(&self, page: &TypedPage<T>) -> bool {
        let Some(behind) = self.plan.behind().filter(|_| self.resume.is_some()) else { return false };
        let first = page.items.first().and_then(|item| item.id.as_ref());
        first.is_some_and(|id| id.as_str().parse::<u64>().is_ok_and(|id| id <= behind))
    }

    /// Continues without the page that ended in `error`, or ends with the records read so far, if servers
    /// refuse a page because of its offset: some support no offset past the end, or beyond a thousand.
    pub(super) fn continue_without(&mut self, error: &Error) -> bool {
        let is_refused = matches!(error.status(), Some(400 | 404 | 410 | 416 | 422));
        let is_failed = matches!(error.status(), Some(500 | 501));
        if !self.walk.has_rows_in_pass() || !(is_refused || is_failed) {
            return false;
        }
        let offset = self.walk.offset();
        if self.plan.can_read_by_id() && self.walk.continue_by_id() {
            self.drop_read_by_id_note(offset);
            self.walk_notes.push(Note::ReadById { offset });
        } else if is_refused || self.walk.was_short() {
            self.walk.end_refused();
            self.note_refused_page(offset);
        } else {
            // The failure may be temporary: the next call requests the same page again.
            self.walk.continue_by_offset();
            self.drop_read_by_id_note(offset);
            self.note();
            return false;
        }
        self.note();
        true
    }

    pub(super) fn note_refused_page(&mut self, offset: u64) {
        self.drop_read_by_id_note(offset);
        self.walk_notes.push(Note::PageRefused { offset });
    }

    /// Removes the note that the rest is read by id, if that did not help or is noted again.
    fn drop_read_by_id_note(&mut self, offset: u64) {
        self.walk_notes.retain(|note| *note != Note::ReadById { offset });
    }
}

/// Number of smaller pages to try after an error that may be unrelated to the page size: without this limit,
/// a server that is down would be tried in every size.
#[derive(Debug)]
struct ShrinkAttempts(u8);

impl Default for ShrinkAttempts {
    fn default() -> Self {
        Self(3)
    }
}

impl ShrinkAttempts {
    fn allows(&mut self, error: &Error, first: bool, by_id: bool) -> bool {
        let may_pass = match error.status() {
            None => error.kind() != Kind::BodyTooLarge,
            // For the first page, the older framework answers so to unknown parameters.
            Some(500 | 501) if first => false,
            // It was tried before the rest was requested by id.
            Some(500 | 501) if by_id => return false,
            Some(status) => status >= 500,
        };
        if may_pass {
            let Some(left) = self.0.checked_sub(1) else { return false };
            self.0 = left;
        }
        true
    }
}

/// The error to report of two. The first refusal is of the preferred request and so the more specific, except
/// that "not found" is less specific than the answer of another path.
fn more_specific(first: Option<Error>, last: Error) -> Error {
    let is_of_the_request = is_refusal(&last) || is_wrong_route(&last);
    match first {
        Some(first) if is_of_the_request && (is_wrong_route(&last) || !is_wrong_route(&first)) => first,
        _ => last,
    }
}
