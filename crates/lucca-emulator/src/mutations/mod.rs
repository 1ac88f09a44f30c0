//! Makes the changes of a running tenant: people, departments, absences, permissions.
//!
//! Not included: their description (`changes`), writes through the API (`writes`).

mod absences;
mod hr;
mod live;
mod people;
pub(crate) mod requests;

use crate::{
    changes::{Change, ChangeError},
    tenant::Tenant,
};

impl Tenant {
    /// Makes a change; returns the id of the created or changed record, or 0.
    pub fn make(&self, change: Change) -> Result<i64, ChangeError> {
        let user = |found: Option<_>| found.ok_or(ChangeError::NoSuch("user"));
        let done = |found: bool, what| if found { Ok(0) } else { Err(ChangeError::NoSuch(what)) };
        match change {
            Change::Hire(hire) => Ok(self.hire(hire)),
            Change::Person { id, patch } => user(self.change(id, patch)).map(|one| one.id),
            Change::Terminate { id, last_day } => user(self.terminate(id, last_day)).map(|one| one.id),
            Change::Rehire { id, starts_on, as_new_user } => self.rehire(id, starts_on, as_new_user),
            Change::RemoveUser { id } => done(self.remove(id), "user"),
            Change::RemoveContract { id } => done(self.remove_contract(id), "contract"),
            Change::AddDepartment { name, parent_id } => self.add_department(name, parent_id),
            Change::RenameDepartment { id, name } => done(self.rename_department(id, name), "department"),
            Change::RemoveDepartment { id } => self.remove_department(id).map(|()| 0),
            Change::Touch { users } => {
                self.touch_together(users);
                Ok(0)
            }
            Change::Absence(absence) => self.enter_absence(&absence).map(|ids| ids.leave_period_id),
            Change::Approve { period } => self.approve(period).map(|()| period),
            Change::Deny { period, comment } => self.deny(period, comment.as_deref()).map(|()| period),
            Change::Cancel { period } => self.cancel(period).map(|()| period),
            Change::DeleteLeave { id } => self.delete_leave(&id).map(|()| 0),
            Change::Comment { period, text } => self.comment(period, &text).map(|()| period),
            Change::MoveAbsence { period, starts_on, ends_on, starts_pm, ends_am } => self
                .move_absence(period, (starts_on, starts_pm), (ends_on, ends_am))
                .map(|ids| ids.leave_period_id),
            Change::Credit { owner_id, account_id, amount } => {
                self.credit(owner_id, account_id, amount).map(|()| account_id)
            }
            Change::CloseAccount { account_id, from, to, message } => {
                self.close_account(account_id, from, to, &message).map(|()| account_id)
            }
            Change::Permission { key, permission, given } => {
                done(self.permit(key.as_deref(), permission, given), "key")
            }
            Change::Scope { key, establishments } => done(self.scope(key.as_deref(), establishments), "key"),
            Change::Pass { minutes } => {
                self.advance_minutes(minutes);
                Ok(0)
            }
            Change::Live { seed, steps } => Ok(i64::try_from(self.live(seed, steps).len()).unwrap_or(0)),
        }
    }
}
