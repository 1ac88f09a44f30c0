//! The sync after linking, with the lists that it reads.

texts! {
    title {
        "Sync",
        "Synchronisation"
    }
    connected {
        "Your Lucca is connected. We are reading it for the first time.",
        "Votre Lucca est connecté. Nous le lisons pour la première fois."
    }
    connected_again {
        "Your Lucca is connected again. We are reading what has changed since the last sync.",
        "Votre Lucca est de nouveau connecté. Nous lisons ce qui a changé depuis la dernière synchronisation."
    }
    leave {
        "You may close this page: the sync goes on without it.",
        "Vous pouvez fermer cette page : la synchronisation continue sans elle."
    }
    budget {
        "Lucca allows only so many requests a minute, so there may be pauses.",
        "Lucca limite le nombre de requêtes par minute : des pauses sont possibles."
    }
    queued {
        "The sync is in the queue and begins by itself, usually in a moment.",
        "La synchronisation est en file d’attente et démarre d’elle-même, en général dans un instant."
    }
    starting {
        "Starting…",
        "Démarrage…"
    }
    reading {
        "Reading: {what}",
        "Lecture : {what}"
    }
    finished {
        "The sync is finished.",
        "La synchronisation est terminée."
    }
    failed {
        "The sync could not be finished; it is tried again by itself. You may go on.",
        "La synchronisation n’a pas pu se terminer ; elle sera relancée automatiquement. Vous pouvez continuer."
    }
    up_to_date {
        "up to date",
        "à jour"
    }
    of {
        "{done} of {total}",
        "{done} sur {total}"
    }
    see {
        "See the summary",
        "Voir le résumé"
    }
    stream_users {
        "Employees",
        "Collaborateurs"
    }
    stream_work_contracts {
        "Contracts",
        "Contrats"
    }
    stream_departments {
        "Departments",
        "Départements"
    }
    stream_establishments {
        "Establishments",
        "Établissements"
    }
    stream_legal_units {
        "Legal units",
        "Unités légales"
    }
    stream_leaves {
        "Absences, in half-days",
        "Absences, en demi-journées"
    }
    stream_leave_requests {
        "Absence requests",
        "Demandes d’absence"
    }
    stream_job_qualifications {
        "Qualifications",
        "Qualifications"
    }
    stream_other {
        "Other lists",
        "Autres listes"
    }
}
