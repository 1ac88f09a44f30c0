# The texts in English: the source catalog. Every other catalog has the same keys with the same placeholders.
#
# Syntax: Project Fluent, https://projectfluent.org/fluent/guide. `{ $count -> … }` selects a plural form by the
# language's rules and `{ $count }` shows the number with thousands separators. A language that needs the number in a
# text although English does not finds it there too: English then has one variant, `*[other]`.
#
# Keys begin with their area: language, format, record, permission, reads, writes, flow, issue, calendar, widget.
# Attributes are data of one language and may be absent: `.also` has other spellings of a label in Lucca, separated
# by ` | `; `.is-unverified = yes` marks a label that is in English, since Lucca's own in this language is unknown.

## Languages and formats

language-name = English
format-thousands-separator = ,
format-list-separator = {", "}
format-colon = :
format-quoted = “{ $text }”
format-moment =
    { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }, { $time } (Paris time)

## Counted records, by kind

record-count-legal-units =
    { $count ->
        [one] { $count } legal unit
       *[other] { $count } legal units
    }
record-count-establishments =
    { $count ->
        [one] { $count } establishment
       *[other] { $count } establishments
    }
record-count-departments =
    { $count ->
        [one] { $count } department
       *[other] { $count } departments
    }
record-count-occupation-categories =
    { $count ->
        [one] { $count } occupation category
       *[other] { $count } occupation categories
    }
record-count-job-qualifications =
    { $count ->
        [one] { $count } job qualification
       *[other] { $count } job qualifications
    }
record-count-leave-types =
    { $count ->
        [one] { $count } leave type
       *[other] { $count } leave types
    }
record-count-custom-field-definitions =
    { $count ->
        [one] { $count } custom field
       *[other] { $count } custom fields
    }
record-count-employments =
    { $count ->
        [one] { $count } contract
       *[other] { $count } contracts
    }
record-count-employees =
    { $count ->
        [one] { $count } person
       *[other] { $count } people
    }
record-count-working-days =
    { $count ->
        [one] { $count } working day
       *[other] { $count } working days
    }
record-count-user-log-entries =
    { $count ->
        [one] { $count } log entry
       *[other] { $count } log entries
    }
record-count-absences =
    { $count ->
        [one] { $count } absence
       *[other] { $count } absences
    }
record-count-absence-requests =
    { $count ->
        [one] { $count } absence request
       *[other] { $count } absence requests
    }
record-count-unknown =
    { $count ->
        [one] { $count } record
       *[other] { $count } records
    }

## Permissions: Lucca's labels. Source: docs/lucca-api/directory.md §4.2

permission-label-view-users = Consult / create / modify users
permission-label-see-future-employees = See future employees
permission-label-see-former-employees = See former employees
permission-label-view-contracts = Consult contractual information of employees
permission-label-view-jobs = View employee jobs
permission-label-view-managers = View employee managers
permission-label-view-qualifications = View employee qualifications
permission-label-consult-leaves = Consult leaves
    .also = View absences
permission-label-make-absence-requests = Make absence requests
    .also = Submit and cancel requests
permission-label-consult-hr-files = Consult HR files
permission-labels-or = { $first } or { $second }
# A box with its labels, in a sentence.
permission-box = { $labels }
permission-box-unverified =
    { $labels } (English { $count ->
        [one] label
       *[other] labels
    })

## Permissions: consequence of a missing permission

permission-consequence-view-users = Without it, nobody can be read at all.
permission-consequence-see-future-employees = Without it, new hires appear only on their first day.
permission-consequence-see-former-employees = Without it, people vanish on the day after their last, instead of being marked as having left.
permission-consequence-view-contracts = Without it, only the current contract’s first and last day are known: no contract type, no history.
permission-consequence-view-jobs = Without it, job titles stay empty.
permission-consequence-view-managers = Without it, nobody’s manager is known and there is no org chart.
permission-consequence-view-qualifications = Without it, job qualifications stay empty.
permission-consequence-consult-leaves = Without it, no absence can be read.
permission-consequence-make-absence-requests = Without it, no absence can be requested, and requests that wait for an approval may stay unknown.
permission-consequence-consult-hr-files = Without it, your own custom fields stay empty.

## Permissions: counted records that a permission opens

permission-records-view-users =
    { $count ->
        [one] { $count } person
       *[other] { $count } people
    }
permission-records-see-future-employees =
    { $count ->
        [one] { $count } future employee
       *[other] { $count } future employees
    }
permission-records-see-former-employees =
    { $count ->
        [one] { $count } former employee
       *[other] { $count } former employees
    }
permission-records-view-contracts =
    { $count ->
        [one] { $count } contract
       *[other] { $count } contracts
    }
permission-records-view-jobs =
    { $count ->
        [one] { $count } person with a job title
       *[other] { $count } people with a job title
    }
permission-records-view-managers =
    { $count ->
        [one] { $count } person with a manager
       *[other] { $count } people with a manager
    }
permission-records-view-qualifications =
    { $count ->
        [one] { $count } person with a qualification
       *[other] { $count } people with a qualification
    }
permission-records-consult-leaves =
    { $count ->
        [one] { $count } half-day of absence
       *[other] { $count } half-days of absence
    }
permission-records-make-absence-requests =
    { $count ->
        [one] { $count } absence request
       *[other] { $count } absence requests
    }
permission-records-consult-hr-files =
    { $count ->
        [one] { $count } person with custom fields
       *[other] { $count } people with custom fields
    }

## Permissions: field that a permission guards

permission-field-job-title = job title
permission-field-manager = manager
permission-field-qualification = qualification
permission-field-custom-fields = custom fields

## Permissions: form that has the box, at the end of a sentence

permission-place-key-form = on the API key’s form (Settings > Authentication, SSO and API > API keys)
permission-place-role-coworkers = in the API key’s role (last in the list of roles), tab Co-workers

## Permissions: need, verdicts and checks

permission-need-required = required
permission-need-optional = optional
permission-verdict-granted = granted
permission-verdict-missing = missing
permission-verdict-cannot-tell = can’t tell
permission-verdict-likely-granted = nothing missing
permission-verdict-likely-missing = can’t tell, probably missing
permission-probe-tenant = Your Lucca can be reached
permission-probe-key = The API key is accepted
permission-probe-people = Employees can be read
permission-probe-future = Future employees are shown
permission-probe-former = Former employees are shown
permission-probe-contracts = Contracts can be read
permission-probe-jobs = Job titles are shown
permission-probe-managers = Managers are shown
permission-probe-qualifications = Job qualifications are shown
permission-probe-leaves = Absences can be read
permission-probe-absence-requests = Absence requests can be read
permission-probe-custom-fields = Custom fields are shown
permission-probe-excess = Rights that are not needed

## Permissions: evidence. $people is a count with its noun

permission-evidence-shown = Lucca shows { $records }.
permission-evidence-at-least = Lucca shows at least { $records }.
permission-evidence-shown-among = Lucca shows { $records }, among the first { $people } that were looked at.
permission-evidence-counts-differ = Lucca counts { $with } with former employees and { $without } without.
permission-evidence-refused = Lucca refused it to this key.
permission-evidence-refused-with-status = Lucca refused it to this key ({ $status }).
permission-evidence-future-contracts-of-unseen = Lucca shows contracts that are yet to begin of { $people } whose own records it does not show.
permission-evidence-ended-contracts-of-unseen = Lucca shows contracts that have ended of { $people } whose own records it does not show.
permission-evidence-referred-unseen = Managers, heads of departments or absences point to { $people } whose records Lucca does not show: probably leavers, or the key’s role is narrowed to a part of the company.
permission-evidence-were-shown = Earlier, Lucca showed { $people } whose records it no longer shows.
permission-evidence-nobody-shown = Lucca answers, but shows nobody: the company is empty, or the key’s role is narrowed to nobody.
permission-evidence-no-future = Lucca shows { $people }. Nobody is yet to begin: there is no such hire, or the key may not see it.
permission-evidence-no-former = Lucca shows { $people }. Nobody has left: there is no leaver, or the key may not see them.
permission-evidence-no-dates = Among { $people }, nobody shows a first or a last day, so that it can’t be told who has left.
permission-evidence-field-empty = Empty ({ $field }) for { $people }: not used in your company, or hidden from the key.
permission-evidence-field-omitted = Lucca leaves the field ({ $field }) out for { $people }, as if the key had no right to see it.
permission-evidence-field-unknown = Your Lucca says that it knows no such field ({ $field }).
permission-evidence-field-lost = Lucca showed it ({ $field }) earlier and no longer does; the values of { $people } were kept.
permission-evidence-qualifications-in-use = Lucca counts { $people } with a qualification, and shows none of anybody.
permission-evidence-none-defined = Your company has no custom fields: nothing is missing.
permission-evidence-no-contracts = Lucca answers, but shows no contract, although everybody has one.
permission-evidence-list-empty = Lucca answers, and there is nothing to be shown yet: probably nothing is missing.
permission-evidence-list-unreadable = It could not be read, for another reason than a permission ({ $code }).
permission-evidence-requests-readable = Requests can be read ({ $records }). Whether the key may make some is not tried: this check writes nothing.
permission-evidence-people-refused = This can’t be told until employees can be read.
permission-evidence-not-read = It has not been read yet.

## Permissions: remedies. $box is `permission-box`, $place is `permission-place-…`

permission-remedy-people-first = First tick { $box } { $place }, then check again.
permission-remedy-missing = Tick { $box } { $place }, save, and check again.
permission-remedy-unconfirmed = Make sure that { $box } is ticked { $place }. If it is, please confirm it.

## Permissions: unneeded rights

permission-excess-write-preset = The box “Consult / create / modify users” also lets a key create and modify people; Lucca offers no smaller one. In the key’s role you can untick what modifies.
# $written is a sentence on what is written to Lucca: `writes-…`.
permission-excess-write-preset-written = The box “Consult / create / modify users” also lets a key create and modify people; Lucca offers no smaller one. { $written } In the key’s role you can untick what modifies.
permission-excess-leaves = The key can read absences, which are not needed: untick “Consult leaves” on the API key’s form.
permission-excess-custom-fields = The key can read your custom fields, which are not needed: untick “Consult HR files” in the API key’s role.

## Permissions: headline of a diagnosis. $labels are quoted labels

permission-headline-ready = Ready: everything that you chose is there.
permission-headline-ready-narrowed = Ready, but the key’s role seems narrowed to a part of the company.
permission-headline-ready-but =
    Ready, but { $count } of your choices { $count ->
        [one] is
       *[other] are
    } { $certain ->
        [yes] missing
       *[no] missing or not confirmed
    }: { $labels }{ $narrowed ->
        [yes] ; and the key’s role seems narrowed to a part of the company
       *[no] {""}
    }.
permission-headline-not-ready =
    Not ready: what is required is { $certain ->
        [yes] missing
       *[no] missing or not confirmed
    }: { $labels }{ $narrowed ->
        [yes] ; and the key’s role seems narrowed to a part of the company
       *[no] {""}
    }.

## Permissions: people that a key shows

permission-people = Lucca shows { $people }.
permission-people-by-status = Lucca shows { $people }: { $active } active, { $future } yet to begin, { $former } who have left.
permission-narrowed = { $unseen } of { $of } references (managers, heads of departments, contracts, absences) lead to people who are not shown: the key’s role seems to be narrowed to a part of the company.
permission-narrowed-remedy = Set its scope to the whole company, unless that is intended.

## Fields that are read of people, by field group

reads-group-identity = name, work e-mail, login, employee number, civil title, photo
reads-group-work = department, establishment, work phones, occupation category, roles in Lucca, calendar, working pattern, quote
reads-group-contract = contract dates, seniority date
reads-group-custom-fields = your company’s own fields, analytical axes, leave and time profiles, second manager
reads-group-contact = personal e-mail and phone
reads-group-birth = birth date, gender, nationality
reads-group-address = home address
reads-group-identifiers = social security number
reads-group-bank = bank details, corporate card, fiscal horsepower
reads-group-pay-and-reviews = pay, full-time equivalent, dates of reviews
reads-group-leave-reason = comments on absences
reads-part-job-title = job title
reads-part-manager = manager
reads-part-qualification = job qualification
reads-of-people = Read of people: { $fields }.
reads-not-of-people = Not read, unless --fields names it: { $fields }.

## Data that is written to Lucca

writes-absence-requests = We write absence requests to Lucca, as people make, cancel, approve and refuse them, and nothing else.
writes-nothing = We only read: nothing is written to Lucca.

## Linking flow: every page

flow-skip = Skip to the content
flow-steps = Steps
flow-position = Step { $step } of { $steps }
flow-back = Back
flow-next = Continue
flow-copy = Copy
flow-copied = Copied
flow-cancel = Stop and leave
flow-required = required
flow-optional = optional
flow-or = or
flow-label-in-english = label shown in English
flow-opens-in-new-tab = opens in a new tab
flow-error-heading = There is a problem
flow-device-title = Continue on another device
flow-device-text = Open this link there. It works until { $until }; whoever has it can go on for you, so share it with care.
flow-device-label = Link to this page
flow-not-admin = I’m not an administrator of Lucca
flow-privacy = How { $vendor } protects your data
flow-support = Get help
flow-step-welcome = Welcome
flow-step-access = Your rights
flow-step-tenant = Lucca’s address
flow-step-key = API key
flow-step-role = Role
flow-step-enter-key = Enter the key
flow-step-checks = Checks
flow-step-sync = Sync
flow-step-summary = Summary
flow-step-done = Done
flow-too-often = That was too often. Wait a minute, then try again.

## Linking flow: welcome page

flow-welcome-title = Connect Lucca to { $vendor }
flow-welcome-for-organization = For { $organization }.
flow-welcome-relink = You are about to renew the connection with { $tenant }. Nothing that was synced is lost.
flow-welcome-text = { $vendor } will read the data below from Lucca, and keep it up to date. It takes about five minutes, and you need to be able to create API keys in Lucca.
flow-welcome-data = What { $vendor } will read
flow-welcome-data-written = What { $vendor } will read and write
flow-welcome-choice = You can switch off what is optional. What is switched off is neither read nor written.
flow-welcome-never = Never read: { $fields }, medical documents.
flow-welcome-never-but-own = Never read, unless one of your own fields that you leave ticked holds it: { $fields }, medical documents.
flow-welcome-start = Start
flow-welcome-feature-employees = Employees
flow-welcome-why-employees = Of current, future and former employees, so that each is there from the first day to the last: { $fields }.
flow-welcome-feature-leaves = Absences
flow-welcome-why-leaves = Who is away when, and on what kind of leave: so that colleagues know.
flow-welcome-feature-absence-requests = Absence requests
flow-welcome-why-absence-requests = Requests with their approvals: so that they can be made and followed in { $vendor }.
flow-welcome-feature-jobs = Jobs
flow-welcome-why-jobs = Job titles: for profiles and the org chart.
flow-welcome-feature-managers = Managers
flow-welcome-why-managers = Who reports to whom: for the org chart and approvals.
flow-welcome-feature-qualifications = Qualifications
flow-welcome-why-qualifications = Job qualifications and their levels.
flow-welcome-feature-custom-fields = Your own fields
flow-welcome-why-custom-fields = Fields that your company has added to employees in Lucca; you choose which ones after the check. With them: analytical axes, leave and time profiles, second manager.

## Linking flow: right to create API keys

flow-access-title = Can you create API keys in Lucca?
flow-access-text = In Lucca, open the settings (the cog), then “Authentication, SSO and API”, then “API keys”. Do you see the button “Generate a new API key”?
flow-access-right = The button is shown to those who have the right “Other > Lucca > Roles and API Key management”.
flow-access-yes = Yes, I see the button
flow-access-no = No, hand over to an administrator

## Linking flow: drawings of Lucca, and their descriptions

flow-picture-settings = Drawing: in Lucca’s settings, the page “API keys” with the button “Generate a new API key”.
flow-picture-cog = Settings
flow-picture-auth = Authentication, SSO and API
flow-picture-keys = API keys
flow-picture-generate = Generate a new API key
flow-picture-address = Drawing: a browser’s address bar; the address of your Lucca is highlighted.
flow-picture-form = Drawing: the form for a new API key, with the permissions to tick.
flow-picture-key-name = Key name
flow-picture-contact = Technical contact
flow-picture-usage = Third-party publisher
flow-picture-roles = Drawing: the list of roles; the key’s role is the last one.
flow-picture-role = Drawing: the key’s role, tab “Co-workers”, with the boxes to tick.
flow-picture-roles-title = Roles
flow-picture-tab = Co-workers
flow-picture-save = Save
flow-picture-row = Drawing: the key’s row on the page “API keys”, with the button to copy it.

## Linking flow: link for an administrator, with a draft of the e-mail

flow-hand-over-title = Hand over to an administrator
flow-hand-over-text = Send a link to somebody who may create API keys in Lucca. They go on where you are; what you said is kept.
flow-hand-over-make = Make a link
flow-hand-over-link = Link for the administrator
flow-hand-over-until = It is valid until { $until }. Whoever has it can link Lucca in your company’s name, so send it to that person only.
flow-hand-over-mail = Write the e-mail
flow-hand-over-subject = Connect Lucca to { $vendor }
flow-hand-over-body =
    Hello,

    { $vendor } needs to be connected to our Lucca, which takes a right that I do not have (Other > Lucca > Roles and API Key management). Could you do it? It takes about five minutes, and each step is explained:

    { $url }

    The link is valid until { $until }.

    Thank you!

## Linking flow: tenant address and its errors

flow-tenant-title = Where is your Lucca?
flow-tenant-text = Copy the address from your browser while you are signed in to Lucca. Any page will do.
flow-tenant-label = Address of your Lucca
flow-tenant-hint = For example https://acme.ilucca.net/home
flow-tenant-found = We will connect to
flow-tenant-environment = Environment
flow-tenant-region = Hosting
flow-tenant-environment-production = Production
flow-tenant-environment-test = Test: data of a test environment
flow-tenant-environment-demo = Demonstration
flow-tenant-environment-sandbox = Sandbox: a copy of the real data
flow-tenant-environment-loopback = This machine, for development
flow-tenant-region-europe = European
flow-tenant-region-switzerland = Swiss
flow-tenant-region-local = Local
flow-tenant-unreachable = Nothing answers at this address. Is the name right? If it is, try again in a few minutes.
flow-tenant-taken = This Lucca is connected to { $vendor } already, for another customer account. Ask { $vendor } which account to use.
flow-tenant-other = This link renews the connection with { $expected }. To connect another Lucca, ask { $vendor } for a new link.
flow-tenant-error = This is no address of a Lucca. It ends with ilucca.net or ilucca.ch, such as https://acme.ilucca.net.
flow-tenant-error-empty = Enter the address of your Lucca.
flow-tenant-error-email = This is an e-mail address. Copy the address of the page from your browser instead.
flow-tenant-error-key = This looks like an API key. It is asked for later; here, enter the address of your Lucca.
flow-tenant-error-account = The name of your company’s Lucca is missing: the address begins with it, such as https://acme.ilucca.net.
flow-tenant-error-site = This is one of Lucca’s own websites. Sign in to your company’s Lucca, then copy the address from there.
flow-tenant-error-characters = There is a character in it that Lucca’s addresses do not have. Copy the address from your browser once more.
flow-tenant-error-look-alike = This address only looks like one of Lucca’s. For your safety nothing was sent to it. Real ones end with ilucca.net or ilucca.ch.
flow-tenant-error-ending = The ending is not one of Lucca’s: it is .net, or .ch for Swiss hosting.
flow-tenant-error-loopback = This is an address of the machine that runs this service, which is not allowed.

## Linking flow: creation of the API key in Lucca

flow-key-title = Create the API key
flow-key-text = Keep this page open, and do this in Lucca in another tab.
flow-key-open = Open your Lucca
flow-key-point-1 = Open the settings (the cog) > “Authentication, SSO and API” > “API keys”, and choose “Generate a new API key”.
flow-key-point-2 = Name the key (“Key name”):
flow-key-point-3 = Tick these permissions:
flow-key-point-4 = “Technical contact”: your e-mail address, or that of your IT department.
flow-key-point-4-email = “Technical contact”:
flow-key-point-5 = “API key usage”: choose “Third-party publisher”, and enter:
flow-key-point-6 = Generate the key. There is no need to copy it yet: one more setting first.
flow-key-write = Lucca’s permission also mentions creating and modifying users: Lucca offers no smaller one.
flow-key-done = The key is created

## Linking flow: role of the key in Lucca

flow-role-title = Configure the key’s role
flow-role-text = Every key has a role of its own, which decides whom it sees. Without this step people are missing, and Lucca does not say so.
flow-role-point-1 = Open the roles:
flow-role-open = Open the roles in your Lucca
flow-role-point-2 = Open the role that is named like the key. It is the last one in the list.
flow-role-point-3 = On the tab “Co-workers”, tick:
flow-role-point-4 = Each for the whole company: leave the scope as wide as it is offered.
flow-role-point-5 = Save.
flow-role-done = The role is saved

## Linking flow: input of the API key and its errors

flow-enter-key-title = Enter the API key
flow-enter-key-text = Back on the page “API keys” in Lucca, copy the key from its row and paste it here. It is sent to nobody but your Lucca, kept encrypted, and never shown again.
flow-enter-key-label = API key
flow-enter-key-hint = 36 characters, such as 01234567-89ab-cdef-0123-456789abcdef
flow-enter-key-show = Show the key
flow-enter-key-check = Check the key
flow-enter-key-held = We hold a key already. Enter another one to replace it, or go on to the checks.
flow-enter-key-go-on = Go on to the checks
flow-enter-key-error = This is no API key of Lucca: it has 36 characters, digits and letters a to f in five groups. Copy it once more, as a whole.
flow-enter-key-error-empty = Enter the API key.
flow-enter-key-error-url = This is a web address. Enter the key itself.
flow-enter-key-error-email = This is an e-mail address. Enter the key itself.
flow-enter-key-error-masked = A part of the key is hidden. Show it in Lucca, then copy it as a whole.

## Linking flow: checks, their results and failures

flow-checks-title = Checking the key
flow-checks-running = Checking: { $what }…
flow-checks-wait = This takes a few seconds, up to a minute where Lucca is busy.
flow-checks-missing = Tick it in Lucca, then check again.
flow-checks-confirm-needed = Only you can tell whether it is there: please confirm it.
flow-checks-not-begun = The check has not begun.
flow-checks-begin = Check
flow-checks-again = I ticked it, check again
flow-checks-recheck = Check again
flow-checks-confirm = I confirm that it is right
flow-checks-confirmed = You confirmed it.
flow-checks-own-fields = Your company’s own fields
flow-checks-own-fields-text = These fields were found in Lucca. Untick each one that must not be read, such as pay: it is then never stored.
flow-checks-link = Connect and start the sync
flow-checks-anyway = Go on without
flow-checks-anyway-text = You can go on, but know what that means:
flow-checks-excess = More than is needed
flow-checks-verdict-granted = Granted
flow-checks-verdict-missing = Missing
flow-checks-verdict-cannot-tell = Please confirm
flow-checks-verdict-not-yet = Not known yet
flow-checks-verdict-likely-fine = Probably fine
flow-checks-verdict-likely-missing = Probably missing
flow-checks-verdict-waiting = Waiting
flow-checks-verdict-running = Checking
flow-checks-verdict-done = Done
flow-checks-probe-tenant = Your Lucca answers
flow-checks-probe-key = The key is accepted
flow-checks-probe-people = Employees
flow-checks-probe-future = Future employees
flow-checks-probe-former = Former employees
flow-checks-probe-contracts = Contracts
flow-checks-probe-jobs = Jobs
flow-checks-probe-managers = Managers
flow-checks-probe-qualifications = Qualifications
flow-checks-probe-leaves = Absences
flow-checks-probe-absence-requests = Absence requests
flow-checks-probe-custom-fields = Your own fields
flow-checks-probe-excess = Rights that are not needed
flow-checks-failed-key-refused = Lucca does not accept this key. Was it copied as a whole, and from this Lucca? Then enter it again.
flow-checks-failed-unreachable = Your Lucca could not be reached. Check the address, or try again in a few minutes.
flow-checks-failed-not-lucca = What answers at this address is not Lucca. Check the address.
flow-checks-failed-other = Lucca could not be asked ({ $code }). Try again in a few minutes; if it stays so, tell support this code.
flow-checks-failed-new-key = Enter another key
flow-checks-failed-new-tenant = Change the address

## Linking flow: first sync, with the lists that it reads

flow-sync-title = Sync
flow-sync-connected = Your Lucca is connected. We are reading it for the first time.
flow-sync-connected-again = Your Lucca is connected again. We are reading what has changed since the last sync.
flow-sync-leave = You may close this page: the sync goes on without it.
flow-sync-budget = Lucca allows only so many requests a minute, so there may be pauses.
flow-sync-queued = The sync is in the queue and begins by itself, usually in a moment.
flow-sync-starting = Starting…
flow-sync-reading = Reading: { $what }
flow-sync-finished = The sync is finished.
flow-sync-failed = The sync could not be finished; it is tried again by itself. You may go on.
flow-sync-up-to-date = up to date
flow-sync-of = { $done } of { $total }
flow-sync-see = See the summary
flow-sync-stream-users = Employees
flow-sync-stream-work-contracts = Contracts
flow-sync-stream-departments = Departments
flow-sync-stream-establishments = Establishments
flow-sync-stream-legal-units = Legal units
flow-sync-stream-leaves = Absences, in half-days
flow-sync-stream-leave-requests = Absence requests
flow-sync-stream-job-qualifications = Qualifications
flow-sync-stream-other = Other lists

## Linking flow: summary of the first sync

flow-summary-title = What we found
flow-summary-people = Employees
flow-summary-active = { $count } current
flow-summary-future = { $count } future
flow-summary-former = { $count } former
flow-summary-departments = Departments
flow-summary-establishments = Establishments
flow-summary-absences = Absences, in half-days
flow-summary-compare = Does this look right? If people are missing, go back to the key’s role in Lucca; what you change there is noticed by itself.
flow-summary-missing = What is missing
flow-summary-later = It can be ticked in Lucca at any time; the next sync notices.
flow-summary-finish = Finish

## Linking flow: last page

flow-done-title = Lucca is connected
flow-done-text = From now on { $vendor } keeps itself up to date with your Lucca. You need not do anything more.
flow-done-already-title = Lucca is already connected
flow-done-already = This link was used. { $vendor } keeps itself up to date with your Lucca. You need not do anything more.
flow-done-return-to = Return to { $vendor }
flow-done-close = You may close this window.
flow-done-revoke = To end the connection, tell { $vendor }, or delete the API key in Lucca.

## Linking flow: error pages

flow-refused-unknown-title = This link is not known
flow-refused-unknown = It may have been cut when it was copied. Open it again from where you got it, or ask { $vendor } for a new one.
flow-refused-expired-title = This link has expired
flow-refused-expired = For your safety links are valid for a short time only. Ask { $vendor } for a new one.
flow-refused-cancelled-title = This invitation was withdrawn
flow-refused-cancelled = Nothing is read from Lucca. Ask { $vendor } for a new link if you want to connect.
flow-refused-conflict-title = This was changed elsewhere
flow-refused-conflict = Somebody went on with this connection on another device. Load the page again to see how far it is.
flow-refused-forged-title = This form cannot be used
flow-refused-forged = It was not sent from our own page. Open your link again and try once more.
flow-refused-too-often-title = Too many attempts
flow-refused-failed-title = Something went wrong on our side
flow-refused-failed = Nothing is lost. Try again in a minute; if it stays so, tell { $vendor }.
flow-refused-reload = Open the page again
flow-refused-stopped-title = Nothing was connected
flow-refused-stopped-text = You have stopped. The key that you may have entered is erased here; delete it in Lucca too if it is not needed.

## Issues

issue-confirm = To confirm it: { $command }; or link again.
issue-key-refused = Lucca refuses the API key.
issue-key-refused-remedy = Make a new key in Lucca and link again: { $command }
issue-rate-limited = For { $minutes } minutes Lucca has refused requests because this tenant's integrations together send more than 50 a minute. Ours wait and are repeated.
issue-rate-limited-remedy = Find the customer's other integration that sends so many, and slow it down; or give ours a smaller share, below 40: { $command }
# $records is `record-count-…` of $count.
issue-records-held =
    { $count ->
       *[other] { $records }
    } missing in Lucca, too many to believe it unasked.
issue-records-held-remedy = Look and decide: { $command }. A narrowed role of the API key looks the same.
issue-delivery-held = The filter would no longer deliver { $records }, too many to believe it unasked.
issue-delivery-held-remedy = See whether what it names is still in Lucca, and give it again or change it: { $command }
issue-people-undecided =
    { $count } { $count ->
        [one] person is
       *[other] people are
    } no longer shown by Lucca, and it is not known whether they were deleted ({ $reasons }). Lucca ids: { $ids }.
issue-people-undecided-remedy = Look them up in Lucca. If they were deleted, let them go with { $command } --approve; if they are there, widen the scope of the API key's role, or keep them as they are with --reject.
issue-people-undecided-separator = {"; "}
issue-people-undecided-referenced = others still name them as manager or head of a department
issue-people-undecided-last-of-establishment = no other person of their establishment is shown
issue-people-undecided-others-hidden = the key lost sight of others in the same read
issue-scope-narrowed = { $people } of { $of } people are no longer shown, with all of their establishments: the scope of the API key's role was probably narrowed. They are hidden, not deleted.
issue-scope-narrowed-remedy = In Lucca, open the role that carries the API key's name and widen its scope to the establishments that the connector is to read; then read everything again: { $command }. If the narrowing is meant, nothing is to be done: the people stay hidden.
issue-webhooks-disabled =
    A webhook endpoint is told nothing any more: { $gone ->
        [yes] it answered 410 Gone
       *[no] it failed for three days
    }.
issue-webhooks-disabled-remedy = Mend the receiver, then enable it again, and it is told what it missed: { $call }
issue-scim-held = { $count } users of a SCIM service would be deactivated, too many to do it unasked.
issue-scim-held-remedy = Look and decide: lucca-connector scim push { $id } --dry-run, then --confirm
issue-scim-memberships-held = { $count } active users of a SCIM service would be in no group any more, too many to do it unasked.
issue-scim-memberships-held-remedy = Look and decide: lucca-connector scim push { $id } --dry-run, then --confirm. A narrowed role of the API key looks the same.
issue-scim-refused = A SCIM service refuses its bearer token.
issue-scim-refused-remedy = Make a new token there and give it: lucca-connector scim set { $id } --token-file FILE
issue-scim-unreachable = A SCIM service does not answer as one; it is tried again.
issue-scim-unreachable-remedy = Check its address: lucca-connector scim show { $id }
issue-scim-records-failed = { $count } users or groups could not be provisioned to a SCIM service.
issue-scim-records-failed-remedy = See which, and why: lucca-connector scim push { $id }

## Calendar feeds

calendar-event = { $name }: { $title }
# $notes is a list of the half-day and `calendar-pending`.
calendar-event-with-notes = { $name }: { $title } ({ $notes })
calendar-absent = absent
calendar-morning = morning
calendar-afternoon = afternoon
calendar-pending = not approved yet

## Widget: the dialog around the linking flow

widget-title = Connect Lucca
widget-close = Close
widget-loading = Loading…
widget-silent = This does not seem to load. Close it and try again; if that does not help, tell the support of this application.
