//! The result of the first sync.

texts! {
    title {
        "What we found",
        "Ce que nous avons trouvé"
    }
    people {
        "Employees",
        "Collaborateurs"
    }
    active {
        "current",
        "présents"
    }
    future {
        "future",
        "futurs"
    }
    former {
        "former",
        "partis"
    }
    departments {
        "Departments",
        "Départements"
    }
    establishments {
        "Establishments",
        "Établissements"
    }
    absences {
        "Absences, in half-days",
        "Absences, en demi-journées"
    }
    compare {
        "Does this look right? If people are missing, go back to the key’s role in Lucca; what you change there is noticed by itself.",
        "Ces chiffres vous semblent-ils corrects ? S’il manque des personnes, revoyez le rôle de la clé dans Lucca ; vos modifications seront prises en compte automatiquement."
    }
    missing {
        "What is missing",
        "Ce qui manque"
    }
    later {
        "It can be ticked in Lucca at any time; the next sync notices.",
        "Vous pouvez le cocher dans Lucca à tout moment ; la prochaine synchronisation en tiendra compte."
    }
    finish {
        "Finish",
        "Terminer"
    }
}
