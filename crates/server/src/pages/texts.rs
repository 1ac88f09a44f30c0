//! Every text of the linking flow, in English and French side by side: a text that lacks a language does not compile.
//!
//! `{name}` stands for what [`fill`] puts there. What Lucca calls its own boxes is not here but in `linking`.

// unverified: the French names of the settings *Authentication, SSO and API*, of the tab *Co-workers* and of the usage
// *Third-party publisher*: no French page of Lucca's that shows them is known.

macro_rules! texts {
    ($($name:ident { $en:literal, $fr:literal })+) => {
        /// The texts of one language.
        pub(crate) struct Texts {
            $(pub(crate) $name: &'static str,)+
        }

        /// English.
        pub(crate) static EN: Texts = Texts { $($name: $en,)+ };

        /// French.
        pub(crate) static FR: Texts = Texts { $($name: $fr,)+ };

        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $en, $fr),)+];
    };
}

/// A text with what stands for something put in its place.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    // In one pass, so that what is put in is never looked through itself.
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        filled.push_str(before);
        let named = values
            .iter()
            .find(|(name, _)| after[1..].starts_with(name) && after[1 + name.len()..].starts_with('}'));
        match named {
            Some((name, value)) => {
                filled.push_str(value);
                rest = &after[name.len() + 2..];
            }
            None => {
                filled.push('{');
                rest = &after[1..];
            }
        }
    }
    filled + rest
}

texts! {
    other_language {
        "Français",
        "English"
    }
    other_language_code {
        "fr",
        "en"
    }
    skip {
        "Skip to the content",
        "Aller au contenu"
    }
    steps {
        "Steps",
        "Étapes"
    }
    step_of {
        "Step {n} of {m}",
        "Étape {n} sur {m}"
    }
    back {
        "Back",
        "Retour"
    }
    next {
        "Continue",
        "Continuer"
    }
    copy {
        "Copy",
        "Copier"
    }
    copied {
        "Copied",
        "Copié"
    }
    cancel {
        "Stop and leave",
        "Arrêter et quitter"
    }
    required {
        "required",
        "obligatoire"
    }
    optional {
        "optional",
        "facultatif"
    }
    label_in_english {
        "label shown in English",
        "libellé affiché en anglais"
    }
    opens_in_new_tab {
        "opens in a new tab",
        "s’ouvre dans un nouvel onglet"
    }
    error_heading {
        "There is a problem",
        "Il y a un problème"
    }
    device_title {
        "Continue on another device",
        "Continuer sur un autre appareil"
    }
    device_text {
        "Open this link there. It works until {until}; whoever has it can go on for you, so share it with care.",
        "Ouvrez ce lien sur l’autre appareil. Il est valable jusqu’au {until} ; toute personne qui l’a peut continuer à votre place : partagez-le avec précaution."
    }
    device_label {
        "Link to this page",
        "Lien vers cette page"
    }
    not_admin {
        "I’m not an administrator of Lucca",
        "Je ne suis pas administrateur de Lucca"
    }
    privacy {
        "How {vendor} protects your data",
        "Comment {vendor} protège vos données"
    }
    support {
        "Get help",
        "Obtenir de l’aide"
    }
    step_welcome {
        "Welcome",
        "Bienvenue"
    }
    step_access {
        "Your rights",
        "Vos droits"
    }
    step_tenant {
        "Lucca’s address",
        "Adresse de Lucca"
    }
    step_key {
        "API key",
        "Clé API"
    }
    step_role {
        "Role",
        "Rôle"
    }
    step_enter_key {
        "Enter the key",
        "Saisie de la clé"
    }
    step_checks {
        "Checks",
        "Vérifications"
    }
    step_sync {
        "First sync",
        "Première synchro"
    }
    step_summary {
        "Summary",
        "Résumé"
    }
    step_done {
        "Done",
        "Terminé"
    }
    welcome_title {
        "Connect Lucca to {vendor}",
        "Connecter Lucca à {vendor}"
    }
    welcome_for {
        "For {organization}.",
        "Pour {organization}."
    }
    welcome_relink {
        "You are about to renew the connection with {tenant}. Nothing that was synced is lost.",
        "Vous allez renouveler la connexion avec {tenant}. Rien de ce qui a été synchronisé n’est perdu."
    }
    welcome_text {
        "{vendor} will read the data below from Lucca, and keep it up to date. It takes about five minutes, and you need to be able to create API keys in Lucca.",
        "{vendor} lira dans Lucca les données ci-dessous et les tiendra à jour. Cela prend environ cinq minutes ; vous devez pouvoir créer des clés API dans Lucca."
    }
    welcome_data {
        "What {vendor} will read",
        "Ce que {vendor} lira"
    }
    welcome_choice {
        "You can switch off what is optional. What is switched off is never read.",
        "Vous pouvez désactiver ce qui est facultatif. Ce qui est désactivé n’est jamais lu."
    }
    welcome_never {
        "Never read: bank details, social security numbers, home addresses, medical documents.",
        "Jamais lus : coordonnées bancaires, numéros de sécurité sociale, adresses personnelles, documents médicaux."
    }
    welcome_start {
        "Start",
        "Commencer"
    }
    feature_employees {
        "Employees",
        "Collaborateurs"
    }
    feature_employees_why {
        "Name, work e-mail, department, establishment, contract dates; current, future and former employees: so that everybody is there from their first day to their last.",
        "Nom, e-mail professionnel, département, établissement, dates de contrat ; collaborateurs présents, futurs et partis : pour que chacun soit connu du premier au dernier jour."
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
        "Fields that your company has added to employees in Lucca.",
        "Les champs que votre entreprise a ajoutés aux fiches dans Lucca."
    }
    access_title {
        "Can you create API keys in Lucca?",
        "Pouvez-vous créer des clés API dans Lucca ?"
    }
    access_text {
        "In Lucca, open the settings (the cog), then “Authentication, SSO and API”, then “API keys”. Do you see the button “Generate a new API key”?",
        "Dans Lucca, ouvrez les paramètres (la roue dentée), puis « Authentification, SSO et API », puis « Clés API ». Voyez-vous le bouton « Générer une nouvelle clé API » ?"
    }
    access_right {
        "The button is shown to those who have the right “Other > Lucca > Roles and API Key management”.",
        "Le bouton est visible avec le droit « Autre > Lucca > Gestion des rôles et des clés API »."
    }
    access_yes {
        "Yes, I see the button",
        "Oui, je vois le bouton"
    }
    access_no {
        "No, hand over to an administrator",
        "Non, transmettre à un administrateur"
    }
    picture_settings {
        "Drawing: in Lucca’s settings, the page “API keys” with the button “Generate a new API key”.",
        "Dessin : dans les paramètres de Lucca, la page « Clés API » avec le bouton « Générer une nouvelle clé API »."
    }
    picture_cog {
        "Settings",
        "Paramètres"
    }
    picture_auth {
        "Authentication, SSO and API",
        "Authentification, SSO et API"
    }
    picture_keys {
        "API keys",
        "Clés API"
    }
    picture_generate {
        "Generate a new API key",
        "Générer une nouvelle clé API"
    }
    handover_title {
        "Hand over to an administrator",
        "Transmettre à un administrateur"
    }
    handover_text {
        "Send a link to somebody who may create API keys in Lucca. They go on where you are; what you said is kept.",
        "Envoyez un lien à une personne qui peut créer des clés API dans Lucca. Elle reprendra là où vous en êtes ; ce que vous avez indiqué est conservé."
    }
    handover_make {
        "Make a link",
        "Créer un lien"
    }
    handover_link {
        "Link for the administrator",
        "Lien pour l’administrateur"
    }
    handover_until {
        "It is valid until {until}. Whoever has it can link Lucca in your company’s name, so send it to that person only.",
        "Il est valable jusqu’au {until}. Toute personne qui l’a peut connecter Lucca au nom de votre entreprise : ne l’envoyez qu’à cette personne."
    }
    handover_mail {
        "Write the e-mail",
        "Rédiger l’e-mail"
    }
    handover_subject {
        "Connect Lucca to {vendor}",
        "Connecter Lucca à {vendor}"
    }
    handover_body {
        "Hello,\n\n{vendor} needs to be connected to our Lucca, which takes a right that I do not have (Other > Lucca > Roles and API Key management). Could you do it? It takes about five minutes, and each step is explained:\n\n{url}\n\nThe link is valid until {until}.\n\nThank you!",
        "Bonjour,\n\n{vendor} doit être connecté à notre Lucca, ce qui demande un droit que je n’ai pas (Autre > Lucca > Gestion des rôles et des clés API). Pourriez-vous le faire ? Cela prend environ cinq minutes et chaque étape est expliquée :\n\n{url}\n\nLe lien est valable jusqu’au {until}.\n\nMerci !"
    }
    tenant_title {
        "Where is your Lucca?",
        "Où se trouve votre Lucca ?"
    }
    tenant_text {
        "Copy the address from your browser while you are signed in to Lucca. Any page will do.",
        "Copiez l’adresse affichée par votre navigateur lorsque vous êtes connecté à Lucca. N’importe quelle page convient."
    }
    tenant_label {
        "Address of your Lucca",
        "Adresse de votre Lucca"
    }
    tenant_hint {
        "For example https://acme.ilucca.net/home",
        "Par exemple https://acme.ilucca.net/home"
    }
    tenant_found {
        "We will connect to",
        "Nous nous connecterons à"
    }
    tenant_environment {
        "Environment",
        "Environnement"
    }
    tenant_region {
        "Hosting",
        "Hébergement"
    }
    environment_production {
        "Production",
        "Production"
    }
    environment_test {
        "Test: data of a test environment",
        "Test : données d’un environnement de test"
    }
    environment_demo {
        "Demonstration",
        "Démonstration"
    }
    environment_sandbox {
        "Sandbox: a copy of the real data",
        "Bac à sable : une copie des données réelles"
    }
    environment_loopback {
        "This machine, for development",
        "Cette machine, pour le développement"
    }
    region_europe {
        "European",
        "Européen"
    }
    region_switzerland {
        "Swiss",
        "Suisse"
    }
    region_local {
        "Local",
        "Local"
    }
    tenant_unreachable {
        "Nothing answers at this address. Is the name right? If it is, try again in a few minutes.",
        "Rien ne répond à cette adresse. Le nom est-il correct ? Si oui, réessayez dans quelques minutes."
    }
    tenant_taken {
        "This Lucca is connected to {vendor} already, for another customer account. Ask {vendor} which account to use.",
        "Ce Lucca est déjà connecté à {vendor}, pour un autre compte client. Demandez à {vendor} quel compte utiliser."
    }
    tenant_other {
        "This link renews the connection with {expected}. To connect another Lucca, ask {vendor} for a new link.",
        "Ce lien renouvelle la connexion avec {expected}. Pour connecter un autre Lucca, demandez un nouveau lien à {vendor}."
    }
    picture_address {
        "Drawing: a browser’s address bar; the address of your Lucca is highlighted.",
        "Dessin : la barre d’adresse d’un navigateur ; l’adresse de votre Lucca est en évidence."
    }
    tenant_error {
        "This is no address of a Lucca. It ends with ilucca.net or ilucca.ch, such as https://acme.ilucca.net.",
        "Ceci n’est pas une adresse Lucca. Elle se termine par ilucca.net ou ilucca.ch, comme https://acme.ilucca.net."
    }
    tenant_error_empty {
        "Enter the address of your Lucca.",
        "Saisissez l’adresse de votre Lucca."
    }
    tenant_error_email {
        "This is an e-mail address. Copy the address of the page from your browser instead.",
        "Ceci est une adresse e-mail. Copiez plutôt l’adresse de la page depuis votre navigateur."
    }
    tenant_error_key {
        "This looks like an API key. It is asked for later; here, enter the address of your Lucca.",
        "Ceci ressemble à une clé API. Elle vous sera demandée plus tard ; saisissez ici l’adresse de votre Lucca."
    }
    tenant_error_account {
        "The name of your company’s Lucca is missing: the address begins with it, such as https://acme.ilucca.net.",
        "Il manque le nom du Lucca de votre entreprise : l’adresse commence par lui, comme https://acme.ilucca.net."
    }
    tenant_error_site {
        "This is one of Lucca’s own websites. Sign in to your company’s Lucca, then copy the address from there.",
        "Ceci est un site de la société Lucca. Connectez-vous au Lucca de votre entreprise, puis copiez l’adresse."
    }
    tenant_error_characters {
        "There is a character in it that Lucca’s addresses do not have. Copy the address from your browser once more.",
        "L’adresse contient un caractère que les adresses Lucca n’ont pas. Copiez-la à nouveau depuis votre navigateur."
    }
    tenant_error_look_alike {
        "This address only looks like one of Lucca’s. For your safety nothing was sent to it. Real ones end with ilucca.net or ilucca.ch.",
        "Cette adresse ressemble seulement à une adresse Lucca. Par sécurité, rien n’y a été envoyé. Les vraies se terminent par ilucca.net ou ilucca.ch."
    }
    tenant_error_ending {
        "The ending is not one of Lucca’s: it is .net, or .ch for Swiss hosting.",
        "La terminaison n’est pas celle de Lucca : c’est .net, ou .ch pour l’hébergement suisse."
    }
    tenant_error_loopback {
        "This is an address of the machine that runs this service, which is not allowed.",
        "Ceci est une adresse de la machine qui héberge ce service, ce qui n’est pas autorisé."
    }
    key_title {
        "Create the API key",
        "Créer la clé API"
    }
    key_text {
        "Keep this page open, and do this in Lucca in another tab.",
        "Gardez cette page ouverte et faites ceci dans Lucca, dans un autre onglet."
    }
    key_open {
        "Open your Lucca",
        "Ouvrir votre Lucca"
    }
    key_1 {
        "Open the settings (the cog) > “Authentication, SSO and API” > “API keys”, and choose “Generate a new API key”.",
        "Ouvrez les paramètres (la roue dentée) > « Authentification, SSO et API » > « Clés API », puis choisissez « Générer une nouvelle clé API »."
    }
    key_2 {
        "Name the key (“Key name”):",
        "Nommez la clé (« Nom de la clé ») :"
    }
    key_3 {
        "Tick these permissions:",
        "Cochez ces permissions :"
    }
    key_4 {
        "“Technical contact”: your e-mail address, or that of your IT department.",
        "« Contact technique » : votre adresse e-mail ou celle de votre service informatique."
    }
    key_4_email {
        "“Technical contact”:",
        "« Contact technique » :"
    }
    key_5 {
        "“API key usage”: choose “Third-party publisher”, and enter:",
        "Usage de la clé : choisissez « Éditeur tiers » (“Third-party publisher”), et saisissez :"
    }
    key_6 {
        "Generate the key. There is no need to copy it yet: one more setting first.",
        "Générez la clé. Inutile de la copier maintenant : il reste un réglage."
    }
    key_write {
        "Lucca’s permission also mentions creating and modifying users: Lucca offers no smaller one. {vendor} only reads.",
        "La permission de Lucca mentionne aussi la création et la modification d’utilisateurs : Lucca n’en propose pas de plus restreinte. {vendor} ne fait que lire."
    }
    key_done {
        "The key is created",
        "La clé est créée"
    }
    picture_form {
        "Drawing: the form for a new API key, with the permissions to tick.",
        "Dessin : le formulaire d’une nouvelle clé API, avec les permissions à cocher."
    }
    picture_key_name {
        "Key name",
        "Nom de la clé"
    }
    picture_contact {
        "Technical contact",
        "Contact technique"
    }
    picture_usage {
        "Third-party publisher",
        "Éditeur tiers"
    }
    role_title {
        "Configure the key’s role",
        "Configurer le rôle de la clé"
    }
    role_text {
        "Every key has a role of its own, which decides whom it sees. Without this step people are missing, and Lucca does not say so.",
        "Chaque clé a son propre rôle, qui décide de ce qu’elle voit. Sans cette étape il manque des personnes, et Lucca ne le signale pas."
    }
    role_1 {
        "Open the roles:",
        "Ouvrez les rôles :"
    }
    role_open {
        "Open the roles in your Lucca",
        "Ouvrir les rôles dans votre Lucca"
    }
    role_2 {
        "Open the role that is named like the key. It is the last one in the list.",
        "Ouvrez le rôle qui porte le nom de la clé. C’est le dernier de la liste."
    }
    role_3 {
        "On the tab “Co-workers”, tick:",
        "Dans l’onglet « Collaborateurs » (“Co-workers”), cochez :"
    }
    role_4 {
        "Each for the whole company: leave the scope as wide as it is offered.",
        "Chacune pour toute l’entreprise : laissez le périmètre le plus large possible."
    }
    role_5 {
        "Save.",
        "Enregistrez."
    }
    role_done {
        "The role is saved",
        "Le rôle est enregistré"
    }
    picture_roles {
        "Drawing: the list of roles; the key’s role is the last one.",
        "Dessin : la liste des rôles ; celui de la clé est le dernier."
    }
    picture_role {
        "Drawing: the key’s role, tab “Co-workers”, with the boxes to tick.",
        "Dessin : le rôle de la clé, onglet « Collaborateurs », avec les cases à cocher."
    }
    picture_roles_title {
        "Roles",
        "Rôles"
    }
    picture_tab {
        "Co-workers",
        "Collaborateurs"
    }
    picture_save {
        "Save",
        "Enregistrer"
    }
    enter_title {
        "Enter the API key",
        "Saisir la clé API"
    }
    enter_text {
        "Back on the page “API keys” in Lucca, copy the key from its row and paste it here. It is sent to nobody but your Lucca, kept encrypted, and never shown again.",
        "De retour sur la page « Clés API » de Lucca, copiez la clé depuis sa ligne et collez-la ici. Elle n’est envoyée qu’à votre Lucca, conservée chiffrée, et n’est plus jamais affichée."
    }
    enter_label {
        "API key",
        "Clé API"
    }
    enter_hint {
        "36 characters, such as 01234567-89ab-cdef-0123-456789abcdef",
        "36 caractères, comme 01234567-89ab-cdef-0123-456789abcdef"
    }
    enter_show {
        "Show the key",
        "Afficher la clé"
    }
    enter_check {
        "Check the key",
        "Vérifier la clé"
    }
    enter_held {
        "We hold a key already. Enter another one to replace it, or go on to the checks.",
        "Nous avons déjà une clé. Saisissez-en une autre pour la remplacer, ou passez aux vérifications."
    }
    enter_go_on {
        "Go on to the checks",
        "Passer aux vérifications"
    }
    picture_row {
        "Drawing: the key’s row on the page “API keys”, with the button to copy it.",
        "Dessin : la ligne de la clé sur la page « Clés API », avec le bouton pour la copier."
    }
    key_error {
        "This is no API key of Lucca: it has 36 characters, digits and letters a to f in five groups. Copy it once more, as a whole.",
        "Ceci n’est pas une clé API de Lucca : elle compte 36 caractères, chiffres et lettres de a à f en cinq groupes. Copiez-la à nouveau, en entier."
    }
    key_error_empty {
        "Enter the API key.",
        "Saisissez la clé API."
    }
    key_error_url {
        "This is a web address. Enter the key itself.",
        "Ceci est une adresse web. Saisissez la clé elle-même."
    }
    key_error_email {
        "This is an e-mail address. Enter the key itself.",
        "Ceci est une adresse e-mail. Saisissez la clé elle-même."
    }
    key_error_masked {
        "A part of the key is hidden. Show it in Lucca, then copy it as a whole.",
        "Une partie de la clé est masquée. Affichez-la dans Lucca, puis copiez-la en entier."
    }
    checks_title {
        "Checking the key",
        "Vérification de la clé"
    }
    checks_running {
        "Checking: {what}…",
        "Vérification : {what}…"
    }
    checks_wait {
        "This takes a few seconds, up to a minute where Lucca is busy.",
        "Cela prend quelques secondes, jusqu’à une minute si Lucca est occupé."
    }
    checks_good {
        "Everything that is needed is there.",
        "Tout le nécessaire est là."
    }
    checks_missing {
        "Something is missing. Tick it in Lucca, then check again.",
        "Il manque quelque chose. Cochez-le dans Lucca, puis vérifiez à nouveau."
    }
    checks_confirm_needed {
        "Some things only you can tell. Please confirm them.",
        "Vous seul pouvez répondre à certaines questions. Merci de les confirmer."
    }
    checks_not_begun {
        "The check has not begun.",
        "La vérification n’a pas commencé."
    }
    checks_begin {
        "Check",
        "Vérifier"
    }
    checks_again {
        "I ticked it, check again",
        "C’est coché, vérifier à nouveau"
    }
    checks_recheck {
        "Check again",
        "Vérifier à nouveau"
    }
    checks_confirm {
        "I confirm that it is right",
        "Je confirme que c’est correct"
    }
    checks_confirmed {
        "You confirmed it.",
        "Vous l’avez confirmé."
    }
    checks_link {
        "Connect and start the first sync",
        "Connecter et lancer la première synchro"
    }
    checks_anyway {
        "Go on without",
        "Continuer sans"
    }
    checks_anyway_text {
        "You can go on, but know what that means:",
        "Vous pouvez continuer, mais voici ce que cela implique :"
    }
    checks_excess {
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
    too_often {
        "That was too often. Wait a minute, then try again.",
        "C’était trop fréquent. Patientez une minute, puis réessayez."
    }
    sync_title {
        "First sync",
        "Première synchronisation"
    }
    sync_connected {
        "Your Lucca is connected. We are reading it for the first time.",
        "Votre Lucca est connecté. Nous le lisons pour la première fois."
    }
    sync_leave {
        "You may close this page: the sync goes on without it.",
        "Vous pouvez fermer cette page : la synchronisation continue sans elle."
    }
    sync_budget {
        "Lucca allows only so many requests a minute, so there may be pauses.",
        "Lucca limite le nombre de requêtes par minute : des pauses sont possibles."
    }
    sync_starting {
        "Starting…",
        "Démarrage…"
    }
    sync_reading {
        "Reading: {what}",
        "Lecture : {what}"
    }
    sync_finished {
        "The first sync is finished.",
        "La première synchronisation est terminée."
    }
    sync_failed {
        "The first sync could not be finished; it is tried again by itself. You may go on.",
        "La première synchronisation n’a pas pu se terminer ; elle sera relancée automatiquement. Vous pouvez continuer."
    }
    sync_of {
        "{done} of {total}",
        "{done} sur {total}"
    }
    sync_see {
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
        "Absences",
        "Absences"
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
    summary_title {
        "What we found",
        "Ce que nous avons trouvé"
    }
    summary_people {
        "Employees",
        "Collaborateurs"
    }
    summary_active {
        "current",
        "présents"
    }
    summary_future {
        "future",
        "futurs"
    }
    summary_former {
        "former",
        "partis"
    }
    summary_departments {
        "Departments",
        "Départements"
    }
    summary_establishments {
        "Establishments",
        "Établissements"
    }
    summary_absences {
        "Absences",
        "Absences"
    }
    summary_compare {
        "Does this look right? If people are missing, go back to the key’s role in Lucca; what you change there is noticed by itself.",
        "Ces chiffres vous semblent-ils corrects ? S’il manque des personnes, revoyez le rôle de la clé dans Lucca ; vos modifications seront prises en compte automatiquement."
    }
    summary_missing {
        "What is missing",
        "Ce qui manque"
    }
    summary_nothing_missing {
        "Nothing is missing.",
        "Rien ne manque."
    }
    summary_later {
        "It can be ticked in Lucca at any time; the next sync notices.",
        "Vous pouvez le cocher dans Lucca à tout moment ; la prochaine synchronisation en tiendra compte."
    }
    summary_finish {
        "Finish",
        "Terminer"
    }
    done_title {
        "Lucca is connected",
        "Lucca est connecté"
    }
    done_text {
        "From now on {vendor} keeps itself up to date with your Lucca. You need not do anything more.",
        "Désormais, {vendor} se tient à jour avec votre Lucca. Vous n’avez plus rien à faire."
    }
    done_return {
        "Return to {vendor}",
        "Revenir à {vendor}"
    }
    done_close {
        "You may close this window.",
        "Vous pouvez fermer cette fenêtre."
    }
    done_revoke {
        "To end the connection, tell {vendor}, or delete the API key in Lucca.",
        "Pour mettre fin à la connexion, prévenez {vendor} ou supprimez la clé API dans Lucca."
    }
    refused_unknown_title {
        "This link is not known",
        "Ce lien est inconnu"
    }
    refused_unknown {
        "It may have been cut when it was copied. Open it again from where you got it, or ask {vendor} for a new one.",
        "Il a peut-être été tronqué lors de la copie. Ouvrez-le à nouveau depuis sa source, ou demandez-en un nouveau à {vendor}."
    }
    refused_expired_title {
        "This link has expired",
        "Ce lien a expiré"
    }
    refused_expired {
        "For your safety links are valid for a short time only. Ask {vendor} for a new one.",
        "Par sécurité, les liens ne sont valables qu’un temps. Demandez-en un nouveau à {vendor}."
    }
    refused_cancelled_title {
        "This invitation was withdrawn",
        "Cette invitation a été retirée"
    }
    refused_cancelled {
        "Nothing is read from Lucca. Ask {vendor} for a new link if you want to connect.",
        "Rien n’est lu dans Lucca. Demandez un nouveau lien à {vendor} si vous souhaitez vous connecter."
    }
    refused_conflict_title {
        "This was changed elsewhere",
        "Ceci a été modifié ailleurs"
    }
    refused_conflict {
        "Somebody went on with this connection on another device. Load the page again to see how far it is.",
        "Quelqu’un a poursuivi cette connexion sur un autre appareil. Rechargez la page pour voir où elle en est."
    }
    refused_forged_title {
        "This form cannot be used",
        "Ce formulaire est inutilisable"
    }
    refused_forged {
        "It was not sent from our own page. Open your link again and try once more.",
        "Il n’a pas été envoyé depuis notre page. Ouvrez à nouveau votre lien et réessayez."
    }
    refused_too_often_title {
        "Too many attempts",
        "Trop de tentatives"
    }
    refused_failed_title {
        "Something went wrong on our side",
        "Une erreur s’est produite de notre côté"
    }
    refused_failed {
        "Nothing is lost. Try again in a minute; if it stays so, tell {vendor}.",
        "Rien n’est perdu. Réessayez dans une minute ; si cela persiste, prévenez {vendor}."
    }
    refused_reload {
        "Open the page again",
        "Rouvrir la page"
    }
    stopped_title {
        "Nothing was connected",
        "Rien n’a été connecté"
    }
    stopped_text {
        "You have stopped. The key that you may have entered is erased here; delete it in Lucca too if it is not needed.",
        "Vous avez arrêté. La clé éventuellement saisie est effacée ici ; supprimez-la aussi dans Lucca si elle est inutile."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_put_the_same_things_in() {
        let holes = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect();
            names.sort();
            names.dedup();
            names
        };
        for (name, en, fr) in ALL {
            assert!(!en.trim().is_empty() && !fr.trim().is_empty(), "{name}");
            assert_eq!(holes(en), holes(fr), "{name}");
        }
    }

    #[test]
    fn french_keeps_its_punctuation_on_the_line() {
        for (name, _, fr) in ALL {
            for wrong in [" :", " ;", " ?", " !", " »", "« "] {
                assert!(!fr.contains(wrong), "{name}: {wrong:?}");
            }
        }
    }

    #[test]
    fn what_is_put_in_is_not_looked_through() {
        assert_eq!(fill("{a} and {b} {c}", &[("a", "{b}"), ("b", "2")]), "{b} and 2 {c}");
    }
}
