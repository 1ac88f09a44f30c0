//! The welcome page: the data that the app would read, and why.

texts! {
    title {
        "Connect Lucca to {vendor}",
        "Connecter Lucca à {vendor}"
    }
    for_organization {
        "For {organization}.",
        "Pour {organization}."
    }
    relink {
        "You are about to renew the connection with {tenant}. Nothing that was synced is lost.",
        "Vous allez renouveler la connexion avec {tenant}. Rien de ce qui a été synchronisé n’est perdu."
    }
    text {
        "{vendor} will read the data below from Lucca, and keep it up to date. It takes about five minutes, and you need to be able to create API keys in Lucca.",
        "{vendor} lira dans Lucca les données ci-dessous et les tiendra à jour. Cela prend environ cinq minutes ; vous devez pouvoir créer des clés API dans Lucca."
    }
    data {
        "What {vendor} will read",
        "Ce que {vendor} lira"
    }
    data_written {
        "What {vendor} will read and write",
        "Ce que {vendor} lira et écrira"
    }
    choice {
        "You can switch off what is optional. What is switched off is neither read nor written.",
        "Vous pouvez désactiver ce qui est facultatif. Ce qui est désactivé n’est ni lu ni écrit."
    }
    never {
        "Never read: {fields}, medical documents.",
        "Jamais lus : {fields}, documents médicaux."
    }
    never_but_own {
        "Never read, unless one of your own fields that you leave ticked holds it: {fields}, medical documents.",
        "Jamais lus, sauf si l’un de vos champs personnalisés laissés cochés en contient : {fields}, documents médicaux."
    }
    start {
        "Start",
        "Commencer"
    }
    feature_employees {
        "Employees",
        "Collaborateurs"
    }
    feature_employees_why {
        "Of current, future and former employees, so that each is there from the first day to the last: {fields}.",
        "Des collaborateurs présents, futurs et partis, pour que chacun soit connu du premier au dernier jour : {fields}."
    }
    feature_leaves {
        "Absences",
        "Absences"
    }
    feature_leaves_why {
        "Who is away when, and on what kind of leave: so that colleagues know.",
        "Qui est absent, quand et pour quel type de congé : pour que les collègues le sachent."
    }
    feature_absence_requests {
        "Absence requests",
        "Demandes d’absence"
    }
    feature_absence_requests_why {
        "Requests with their approvals: so that they can be made and followed in {vendor}.",
        "Les demandes et leurs validations : pour les faire et les suivre dans {vendor}."
    }
    feature_jobs {
        "Jobs",
        "Postes"
    }
    feature_jobs_why {
        "Job titles: for profiles and the org chart.",
        "Intitulés de poste : pour les profils et l’organigramme."
    }
    feature_managers {
        "Managers",
        "Managers"
    }
    feature_managers_why {
        "Who reports to whom: for the org chart and approvals.",
        "Les liens hiérarchiques : pour l’organigramme et les validations."
    }
    feature_qualifications {
        "Qualifications",
        "Qualifications"
    }
    feature_qualifications_why {
        "Job qualifications and their levels.",
        "Qualifications et niveaux d’emploi."
    }
    feature_custom_fields {
        "Your own fields",
        "Vos champs personnalisés"
    }
    feature_custom_fields_why {
        "Fields that your company has added to employees in Lucca; you choose which ones after the check. With them: analytical axes, leave and time profiles, second manager.",
        "Les champs que votre entreprise a ajoutés aux fiches dans Lucca ; vous choisirez lesquels après la vérification. Avec eux : axes analytiques, profils de congés et de temps, second manager."
    }
}
