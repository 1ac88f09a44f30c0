//! The checks, their results, and why they may fail.

texts! {
    title {
        "Checking the key",
        "Vérification de la clé"
    }
    running {
        "Checking: {what}…",
        "Vérification : {what}…"
    }
    wait {
        "This takes a few seconds, up to a minute where Lucca is busy.",
        "Cela prend quelques secondes, jusqu’à une minute si Lucca est occupé."
    }
    missing {
        "Tick it in Lucca, then check again.",
        "Cochez-le dans Lucca, puis vérifiez à nouveau."
    }
    confirm_needed {
        "Only you can tell whether it is there: please confirm it.",
        "Vous seul pouvez le savoir : merci de le confirmer."
    }
    not_begun {
        "The check has not begun.",
        "La vérification n’a pas commencé."
    }
    begin {
        "Check",
        "Vérifier"
    }
    again {
        "I ticked it, check again",
        "C’est coché, vérifier à nouveau"
    }
    recheck {
        "Check again",
        "Vérifier à nouveau"
    }
    confirm {
        "I confirm that it is right",
        "Je confirme que c’est correct"
    }
    confirmed {
        "You confirmed it.",
        "Vous l’avez confirmé."
    }
    own_fields {
        "Your company’s own fields",
        "Les champs propres à votre entreprise"
    }
    own_fields_text {
        "These fields were found in Lucca. Untick each one that must not be read, such as pay: it is then never stored.",
        "Ces champs ont été trouvés dans Lucca. Décochez ceux qui ne doivent pas être lus, la rémunération par exemple : ils ne seront jamais enregistrés."
    }
    link {
        "Connect and start the sync",
        "Connecter et lancer la synchronisation"
    }
    anyway {
        "Go on without",
        "Continuer sans"
    }
    anyway_text {
        "You can go on, but know what that means:",
        "Vous pouvez continuer, mais voici ce que cela implique :"
    }
    excess {
        "More than is needed",
        "Plus que nécessaire"
    }
    verdict_granted {
        "Granted",
        "Accordé"
    }
    verdict_missing {
        "Missing",
        "Manquant"
    }
    verdict_cannot_tell {
        "Please confirm",
        "À confirmer"
    }
    verdict_not_yet {
        "Not known yet",
        "Pas encore connu"
    }
    verdict_likely_fine {
        "Probably fine",
        "Probablement correct"
    }
    verdict_likely_missing {
        "Probably missing",
        "Probablement manquant"
    }
    verdict_waiting {
        "Waiting",
        "En attente"
    }
    verdict_running {
        "Checking",
        "En cours"
    }
    verdict_done {
        "Done",
        "Fait"
    }
    probe_tenant {
        "Your Lucca answers",
        "Votre Lucca répond"
    }
    probe_key {
        "The key is accepted",
        "La clé est acceptée"
    }
    probe_people {
        "Employees",
        "Collaborateurs"
    }
    probe_future {
        "Future employees",
        "Futurs collaborateurs"
    }
    probe_former {
        "Former employees",
        "Collaborateurs partis"
    }
    probe_contracts {
        "Contracts",
        "Contrats"
    }
    probe_jobs {
        "Jobs",
        "Postes"
    }
    probe_managers {
        "Managers",
        "Managers"
    }
    probe_qualifications {
        "Qualifications",
        "Qualifications"
    }
    probe_leaves {
        "Absences",
        "Absences"
    }
    probe_absence_requests {
        "Absence requests",
        "Demandes d’absence"
    }
    probe_custom_fields {
        "Your own fields",
        "Vos champs personnalisés"
    }
    probe_excess {
        "Rights that are not needed",
        "Droits superflus"
    }
    failed_key_refused {
        "Lucca does not accept this key. Was it copied as a whole, and from this Lucca? Then enter it again.",
        "Lucca n’accepte pas cette clé. A-t-elle été copiée en entier, et depuis ce Lucca ? Saisissez-la à nouveau."
    }
    failed_unreachable {
        "Your Lucca could not be reached. Check the address, or try again in a few minutes.",
        "Votre Lucca n’a pas pu être joint. Vérifiez l’adresse ou réessayez dans quelques minutes."
    }
    failed_not_lucca {
        "What answers at this address is not Lucca. Check the address.",
        "Ce qui répond à cette adresse n’est pas Lucca. Vérifiez l’adresse."
    }
    failed_other {
        "Lucca could not be asked ({code}). Try again in a few minutes; if it stays so, tell support this code.",
        "Lucca n’a pas pu être interrogé ({code}). Réessayez dans quelques minutes ; si cela persiste, communiquez ce code à l’assistance."
    }
    failed_new_key {
        "Enter another key",
        "Saisir une autre clé"
    }
    failed_new_tenant {
        "Change the address",
        "Modifier l’adresse"
    }
}
