# The texts in French. en.ftl explains the syntax and the keys. `"\u00A0"` is a no-break space.
#
# A no-break space precedes : ; ? ! and stands inside « ».

## Languages and formats

language-name = Français
format-thousands-separator = {"\u202F"}
format-list-separator = {", "}
format-colon = {"\u00A0"}:
format-quoted = « { $text } »
format-moment =
    { $day ->
        [1] 1er
       *[other] { $day }
    } { $month ->
        [1] janvier
        [2] février
        [3] mars
        [4] avril
        [5] mai
        [6] juin
        [7] juillet
        [8] août
        [9] septembre
        [10] octobre
        [11] novembre
       *[12] décembre
    } { $year } à { $time } (heure de Paris)

## Counted records, by kind

record-count-legal-units =
    { $count ->
        [one] { $count } unité légale
       *[other] { $count } unités légales
    }
record-count-establishments =
    { $count ->
        [one] { $count } établissement
       *[other] { $count } établissements
    }
record-count-departments =
    { $count ->
        [one] { $count } département
       *[other] { $count } départements
    }
record-count-occupation-categories =
    { $count ->
        [one] { $count } catégorie socioprofessionnelle
       *[other] { $count } catégories socioprofessionnelles
    }
record-count-job-qualifications =
    { $count ->
        [one] { $count } qualification
       *[other] { $count } qualifications
    }
record-count-leave-types =
    { $count ->
        [one] { $count } type d’absence
       *[other] { $count } types d’absence
    }
record-count-custom-field-definitions =
    { $count ->
        [one] { $count } champ personnalisé
       *[other] { $count } champs personnalisés
    }
record-count-employments =
    { $count ->
        [one] { $count } contrat
       *[other] { $count } contrats
    }
record-count-employees =
    { $count ->
        [one] { $count } collaborateur
       *[other] { $count } collaborateurs
    }
record-count-working-days =
    { $count ->
        [one] { $count } jour travaillé
       *[other] { $count } jours travaillés
    }
record-count-user-log-entries =
    { $count ->
        [one] { $count } entrée du journal
       *[other] { $count } entrées du journal
    }
record-count-absences =
    { $count ->
        [one] { $count } absence
       *[other] { $count } absences
    }
record-count-absence-requests =
    { $count ->
        [one] { $count } demande d’absence
       *[other] { $count } demandes d’absence
    }
record-count-unknown =
    { $count ->
        [one] { $count } enregistrement
       *[other] { $count } enregistrements
    }

## Permissions: Lucca's labels. Source: docs/lucca-api/directory.md §4.2

permission-label-view-users = Consulter / créer / modifier les utilisateurs
permission-label-see-future-employees = Voir les futurs employés
permission-label-see-former-employees = Voir les employés partis
permission-label-view-contracts = Consulter les informations contractuelles des collaborateurs
permission-label-view-jobs = Consulter les postes des collaborateurs
permission-label-view-managers = Consulter les managers des collaborateurs
permission-label-view-qualifications = Consulter les qualifications des collaborateurs
# unverified: the French labels of these two; none was found.
permission-label-consult-leaves = Consult leaves
    .also = View absences
    .is-unverified = yes
permission-label-make-absence-requests = Make absence requests
    .also = Submit and cancel requests
    .is-unverified = yes
# unverified: that both are the same right; a page on a Lucca partner's site has the French one (source: recorded-more.md).
permission-label-consult-hr-files = Consulter le dossier du personnel
    .also = Consult HR files
permission-labels-or = { $first } ou { $second }
# A box with its labels, in a sentence.
permission-box = la case { $labels }
permission-box-unverified =
    la case { $labels } ({ $count ->
        [one] libellé anglais
       *[other] libellés anglais
    })

## Permissions: consequence of a missing permission

permission-consequence-view-users = Sans elle, aucun collaborateur ne peut être lu.
permission-consequence-see-future-employees = Sans elle, les nouveaux arrivants n’apparaissent que le jour de leur arrivée.
permission-consequence-see-former-employees = Sans elle, les collaborateurs disparaissent le lendemain de leur départ au lieu d’être signalés comme partis.
permission-consequence-view-contracts = Sans elle, seules les dates du contrat en cours sont connues : ni type de contrat, ni historique.
permission-consequence-view-jobs = Sans elle, les intitulés de poste restent vides.
permission-consequence-view-managers = Sans elle, les managers restent inconnus et l’organigramme ne peut pas être établi.
permission-consequence-view-qualifications = Sans elle, les qualifications restent vides.
permission-consequence-consult-leaves = Sans elle, aucune absence ne peut être lue.
permission-consequence-make-absence-requests = Sans elle, aucune absence ne peut être demandée, et les demandes en attente peuvent rester inconnues.
permission-consequence-consult-hr-files = Sans elle, vos champs personnalisés restent vides.

## Permissions: counted records that a permission opens

permission-records-view-users =
    { $count ->
        [one] { $count } personne
       *[other] { $count } personnes
    }
permission-records-see-future-employees =
    { $count ->
        [one] { $count } futur collaborateur
       *[other] { $count } futurs collaborateurs
    }
permission-records-see-former-employees =
    { $count ->
        [one] { $count } collaborateur parti
       *[other] { $count } collaborateurs partis
    }
permission-records-view-contracts =
    { $count ->
        [one] { $count } contrat
       *[other] { $count } contrats
    }
permission-records-view-jobs =
    { $count ->
        [one] { $count } personne avec un intitulé de poste
       *[other] { $count } personnes avec un intitulé de poste
    }
permission-records-view-managers =
    { $count ->
        [one] { $count } personne avec un manager
       *[other] { $count } personnes avec un manager
    }
permission-records-view-qualifications =
    { $count ->
        [one] { $count } personne avec une qualification
       *[other] { $count } personnes avec une qualification
    }
permission-records-consult-leaves =
    { $count ->
        [one] { $count } demi-journée d’absence
       *[other] { $count } demi-journées d’absence
    }
permission-records-make-absence-requests =
    { $count ->
        [one] { $count } demande d’absence
       *[other] { $count } demandes d’absence
    }
permission-records-consult-hr-files =
    { $count ->
        [one] { $count } personne avec des champs personnalisés
       *[other] { $count } personnes avec des champs personnalisés
    }

## Permissions: field that a permission guards

permission-field-job-title = intitulé de poste
permission-field-manager = manager
permission-field-qualification = qualification
permission-field-custom-fields = champs personnalisés

## Permissions: form that has the box, at the end of a sentence

# unverified: the French names of the menu and of the tab *Co-workers*.
permission-place-key-form = dans le formulaire de la clé API (roue crantée > Clés API)
permission-place-role-coworkers = dans le rôle de la clé API (tout en bas de la liste des rôles), onglet des collaborateurs (Co-workers)

## Permissions: need, verdicts and checks

permission-need-required = obligatoire
permission-need-optional = facultative
permission-verdict-granted = accordée
permission-verdict-missing = manquante
permission-verdict-cannot-tell = à confirmer
permission-verdict-likely-granted = rien ne manque
permission-verdict-likely-missing = à confirmer, sans doute manquante
permission-probe-tenant = Votre Lucca est joignable
permission-probe-key = La clé API est acceptée
permission-probe-people = Les collaborateurs sont lisibles
permission-probe-future = Les futurs collaborateurs sont visibles
permission-probe-former = Les collaborateurs partis sont visibles
permission-probe-contracts = Les contrats sont lisibles
permission-probe-jobs = Les intitulés de poste sont visibles
permission-probe-managers = Les managers sont visibles
permission-probe-qualifications = Les qualifications sont visibles
permission-probe-leaves = Les absences sont lisibles
permission-probe-absence-requests = Les demandes d’absence sont lisibles
permission-probe-custom-fields = Les champs personnalisés sont visibles
permission-probe-excess = Droits superflus

## Permissions: evidence. $people is a count with its noun

permission-evidence-shown = Lucca montre { $records }.
permission-evidence-at-least = Lucca montre au moins { $records }.
permission-evidence-shown-among = Lucca montre { $records }, parmi les { $people } examinées en premier.
permission-evidence-counts-differ = Lucca compte { $with } avec les partis et { $without } sans eux.
permission-evidence-refused = Lucca l’a refusé à cette clé.
permission-evidence-refused-with-status = Lucca l’a refusé à cette clé ({ $status }).
permission-evidence-future-contracts-of-unseen = Lucca laisse lire des contrats à venir de { $people } dont la fiche n’est pas visible.
permission-evidence-ended-contracts-of-unseen = Lucca laisse lire des contrats terminés de { $people } dont la fiche n’est pas visible.
permission-evidence-referred-unseen = Des managers, des responsables de département ou des absences renvoient à { $people } dont la fiche n’est pas visible : sans doute des départs, ou un rôle limité à une partie de l’entreprise.
permission-evidence-were-shown = Lucca montrait auparavant { $people } dont la fiche n’est plus visible.
permission-evidence-nobody-shown = Lucca répond, mais ne montre personne : l’entreprise est vide, ou le rôle de la clé ne couvre personne.
permission-evidence-no-future = Lucca montre { $people }. Aucune arrivée à venir : soit il n’y en a pas, soit la clé n’a pas le droit de les voir.
permission-evidence-no-former = Lucca montre { $people }. Aucun départ : soit il n’y en a pas, soit la clé n’a pas le droit de les voir.
permission-evidence-no-dates = Sur { $people }, aucune date de contrat n’est visible : impossible de savoir qui est parti ou à venir.
permission-evidence-field-empty = Donnée vide ({ $field }) pour { $people } : non utilisée dans votre entreprise, ou masquée à la clé.
permission-evidence-field-omitted = Lucca ne transmet pas cette donnée ({ $field }) pour { $people }, comme si la clé n’avait pas le droit de la voir.
permission-evidence-field-unknown = Votre Lucca indique ne pas connaître cette donnée ({ $field }).
permission-evidence-field-lost = Lucca montrait cette donnée ({ $field }) et ne la montre plus ; les valeurs de { $people } ont été conservées.
permission-evidence-qualifications-in-use = Lucca compte { $people } avec une qualification, et n’en montre aucune.
permission-evidence-none-defined = Votre entreprise n’a pas de champs personnalisés : il ne manque rien.
permission-evidence-no-contracts = Lucca répond, mais ne montre aucun contrat, alors que chacun en a un.
permission-evidence-list-empty = Lucca répond, et il n’y a encore rien à montrer : il ne manque sans doute rien.
permission-evidence-list-unreadable = La lecture a échoué pour une autre raison qu’une permission ({ $code }).
permission-evidence-requests-readable = Les demandes sont lisibles ({ $records }). Nous ne testons pas si la clé peut en créer : cette vérification n’écrit rien.
permission-evidence-people-refused = Impossible à déterminer tant que les collaborateurs ne sont pas lisibles.
permission-evidence-not-read = Cette donnée n’a pas encore été lue.

## Permissions: remedies. $box is `permission-box`, $place is `permission-place-…`

permission-remedy-people-first = Cochez d’abord { $box } { $place }, puis relancez la vérification.
permission-remedy-missing = Cochez { $box } { $place }, enregistrez, puis relancez la vérification.
permission-remedy-unconfirmed = Vérifiez que { $box } est cochée { $place }. Si c’est le cas, merci de le confirmer.

## Permissions: unneeded rights

permission-excess-write-preset = La case « Consulter / créer / modifier les utilisateurs » permet aussi de créer et de modifier des collaborateurs ; Lucca n’en propose pas de plus restreinte. Vous pouvez décocher les droits de modification dans le rôle de la clé.
permission-excess-write-preset-written = La case « Consulter / créer / modifier les utilisateurs » permet aussi de créer et de modifier des collaborateurs ; Lucca n’en propose pas de plus restreinte. { $written } Vous pouvez décocher les droits de modification dans le rôle de la clé.
permission-excess-leaves = La clé peut lire les absences, qui ne sont pas nécessaires : décochez « Consult leaves » (libellé anglais) dans le formulaire de la clé API.
permission-excess-custom-fields = La clé peut lire vos champs personnalisés, qui ne sont pas nécessaires : décochez « Consulter le dossier du personnel » dans le rôle de la clé API.

## Permissions: headline of a diagnosis. $labels are quoted labels

permission-headline-ready = Prêt : tout ce que vous avez choisi est là.
permission-headline-ready-narrowed = Prêt, mais le rôle de la clé semble limité à une partie de l’entreprise.
permission-headline-ready-but =
    Prêt, mais { $count } de vos choix { $certain ->
        [yes] { $count ->
            [one] manque
           *[other] manquent
        }
       *[no] { $count ->
            [one] manque ou n’est pas confirmé
           *[other] manquent ou ne sont pas confirmés
        }
    } : { $labels }{ $narrowed ->
        [yes] {"\u00A0"}; de plus, le rôle de la clé semble limité à une partie de l’entreprise
       *[no] {""}
    }.
permission-headline-not-ready =
    Pas prêt : ce qui est obligatoire { $certain ->
        [yes] manque
       *[no] manque ou n’est pas confirmé
    } : { $labels }{ $narrowed ->
        [yes] {"\u00A0"}; de plus, le rôle de la clé semble limité à une partie de l’entreprise
       *[no] {""}
    }.

## Permissions: people that a key shows

permission-people = Lucca montre { $people }.
permission-people-by-status = Lucca montre { $people } : { $active } en poste, { $future } à venir, { $former } parties.
permission-narrowed = { $unseen } références sur { $of } (managers, responsables de département, contrats, absences) mènent à des personnes qui ne sont pas montrées : le rôle de la clé semble limité à une partie de l’entreprise.
permission-narrowed-remedy = Étendez son périmètre à toute l’entreprise, sauf si c’est voulu.

## Fields that are read of people, by field group

reads-group-identity = nom, e-mail professionnel, identifiant, matricule, civilité, photo
reads-group-work = département, établissement, téléphones professionnels, CSP, rôles dans Lucca, calendrier, cycle de travail, citation
reads-group-contract = dates de contrat, date d’ancienneté
reads-group-custom-fields = champs personnalisés de l’entreprise, axes analytiques, profils de congés et de temps, second manager
reads-group-contact = e-mail et téléphone personnels
reads-group-birth = date de naissance, genre, nationalité
reads-group-address = adresse personnelle
reads-group-identifiers = numéro de sécurité sociale
reads-group-bank = coordonnées bancaires, carte de société, puissance fiscale
reads-group-pay-and-reviews = rémunération, équivalent temps plein, dates des entretiens
reads-group-leave-reason = commentaires des absences
reads-part-job-title = intitulé de poste
reads-part-manager = manager
reads-part-qualification = qualification
reads-of-people = Lu pour chaque personne : { $fields }.
reads-not-of-people = Non lu, sauf si --fields le demande : { $fields }.

## Data that is written to Lucca

writes-absence-requests = Nous écrivons dans Lucca les demandes d’absence, à mesure qu’elles sont créées, annulées, validées ou refusées, et rien d’autre.
writes-nothing = Nous ne faisons que lire : rien n’est écrit dans Lucca.

## Linking flow: every page

# unverified: the French names of the settings *Authentication, SSO and API*, of the tab *Co-workers* and of the usage
# *Third-party publisher*: no French page of Lucca's that shows them is known.

flow-skip = Aller au contenu
flow-steps = Étapes
flow-position = Étape { $step } sur { $steps }
flow-back = Retour
flow-next = Continuer
flow-copy = Copier
flow-copied = Copié
flow-cancel = Arrêter et quitter
flow-required = obligatoire
flow-optional = facultatif
flow-or = ou
flow-label-in-english = libellé affiché en anglais
flow-opens-in-new-tab = s’ouvre dans un nouvel onglet
flow-error-heading = Il y a un problème
flow-device-title = Continuer sur un autre appareil
flow-device-text = Ouvrez ce lien sur l’autre appareil. Il est valable jusqu’au { $until } ; toute personne qui l’a peut continuer à votre place : partagez-le avec précaution.
flow-device-label = Lien vers cette page
flow-not-admin = Je ne suis pas administrateur de Lucca
flow-privacy = Comment { $vendor } protège vos données
flow-support = Obtenir de l’aide
flow-step-welcome = Bienvenue
flow-step-access = Vos droits
flow-step-tenant = Adresse de Lucca
flow-step-key = Clé API
flow-step-role = Rôle
flow-step-enter-key = Saisie de la clé
flow-step-checks = Vérifications
flow-step-sync = Synchronisation
flow-step-summary = Résumé
flow-step-done = Terminé
flow-too-often = C’était trop fréquent. Patientez une minute, puis réessayez.

## Linking flow: welcome page

flow-welcome-title = Connecter Lucca à { $vendor }
flow-welcome-for-organization = Pour { $organization }.
flow-welcome-relink = Vous allez renouveler la connexion avec { $tenant }. Rien de ce qui a été synchronisé n’est perdu.
flow-welcome-text = { $vendor } lira dans Lucca les données ci-dessous et les tiendra à jour. Cela prend environ cinq minutes ; vous devez pouvoir créer des clés API dans Lucca.
flow-welcome-data = Ce que { $vendor } lira
flow-welcome-data-written = Ce que { $vendor } lira et écrira
flow-welcome-choice = Vous pouvez désactiver ce qui est facultatif. Ce qui est désactivé n’est ni lu ni écrit.
flow-welcome-never = Jamais lus : { $fields }, documents médicaux.
flow-welcome-never-but-own = Jamais lus, sauf si l’un de vos champs personnalisés laissés cochés en contient : { $fields }, documents médicaux.
flow-welcome-start = Commencer
flow-welcome-feature-employees = Collaborateurs
flow-welcome-why-employees = Des collaborateurs présents, futurs et partis, pour que chacun soit connu du premier au dernier jour : { $fields }.
flow-welcome-feature-leaves = Absences
flow-welcome-why-leaves = Qui est absent, quand et pour quel type de congé : pour que les collègues le sachent.
flow-welcome-feature-absence-requests = Demandes d’absence
flow-welcome-why-absence-requests = Les demandes et leurs validations : pour les faire et les suivre dans { $vendor }.
flow-welcome-feature-jobs = Postes
flow-welcome-why-jobs = Intitulés de poste : pour les profils et l’organigramme.
flow-welcome-feature-managers = Managers
flow-welcome-why-managers = Les liens hiérarchiques : pour l’organigramme et les validations.
flow-welcome-feature-qualifications = Qualifications
flow-welcome-why-qualifications = Qualifications et niveaux d’emploi.
flow-welcome-feature-custom-fields = Vos champs personnalisés
flow-welcome-why-custom-fields = Les champs que votre entreprise a ajoutés aux fiches dans Lucca ; vous choisirez lesquels après la vérification. Avec eux : axes analytiques, profils de congés et de temps, second manager.

## Linking flow: right to create API keys

flow-access-title = Pouvez-vous créer des clés API dans Lucca ?
flow-access-text = Dans Lucca, ouvrez les paramètres (la roue dentée), puis « Authentification, SSO et API », puis « Clés API ». Voyez-vous le bouton « Générer une nouvelle clé API » ?
flow-access-right = Le bouton est visible avec le droit « Autre > Lucca > Gestion des rôles et des clés API ».
flow-access-yes = Oui, je vois le bouton
flow-access-no = Non, transmettre à un administrateur

## Linking flow: drawings of Lucca, and their descriptions

flow-picture-settings = Dessin : dans les paramètres de Lucca, la page « Clés API » avec le bouton « Générer une nouvelle clé API ».
flow-picture-cog = Paramètres
flow-picture-auth = Authentification, SSO et API
flow-picture-keys = Clés API
flow-picture-generate = Générer une nouvelle clé API
flow-picture-address = Dessin : la barre d’adresse d’un navigateur ; l’adresse de votre Lucca est en évidence.
flow-picture-form = Dessin : le formulaire d’une nouvelle clé API, avec les permissions à cocher.
flow-picture-key-name = Nom de la clé
flow-picture-contact = Contact technique
flow-picture-usage = Éditeur tiers
flow-picture-roles = Dessin : la liste des rôles ; celui de la clé est le dernier.
flow-picture-role = Dessin : le rôle de la clé, onglet « Collaborateurs », avec les cases à cocher.
flow-picture-roles-title = Rôles
flow-picture-tab = Collaborateurs
flow-picture-save = Enregistrer
flow-picture-row = Dessin : la ligne de la clé sur la page « Clés API », avec le bouton pour la copier.

## Linking flow: link for an administrator, with a draft of the e-mail

flow-hand-over-title = Transmettre à un administrateur
flow-hand-over-text = Envoyez un lien à une personne qui peut créer des clés API dans Lucca. Elle reprendra là où vous en êtes ; ce que vous avez indiqué est conservé.
flow-hand-over-make = Créer un lien
flow-hand-over-link = Lien pour l’administrateur
flow-hand-over-until = Il est valable jusqu’au { $until }. Toute personne qui l’a peut connecter Lucca au nom de votre entreprise : ne l’envoyez qu’à cette personne.
flow-hand-over-mail = Rédiger l’e-mail
flow-hand-over-subject = Connecter Lucca à { $vendor }
flow-hand-over-body =
    Bonjour,

    { $vendor } doit être connecté à notre Lucca, ce qui demande un droit que je n’ai pas (Autre > Lucca > Gestion des rôles et des clés API). Pourriez-vous le faire ? Cela prend environ cinq minutes et chaque étape est expliquée :

    { $url }

    Le lien est valable jusqu’au { $until }.

    Merci !

## Linking flow: tenant address and its errors

flow-tenant-title = Où se trouve votre Lucca ?
flow-tenant-text = Copiez l’adresse affichée par votre navigateur lorsque vous êtes connecté à Lucca. N’importe quelle page convient.
flow-tenant-label = Adresse de votre Lucca
flow-tenant-hint = Par exemple https://acme.ilucca.net/home
flow-tenant-found = Nous nous connecterons à
flow-tenant-environment = Environnement
flow-tenant-region = Hébergement
flow-tenant-environment-production = Production
flow-tenant-environment-test = Test : données d’un environnement de test
flow-tenant-environment-demo = Démonstration
flow-tenant-environment-sandbox = Bac à sable : une copie des données réelles
flow-tenant-environment-loopback = Cette machine, pour le développement
flow-tenant-region-europe = Européen
flow-tenant-region-switzerland = Suisse
flow-tenant-region-local = Local
flow-tenant-unreachable = Rien ne répond à cette adresse. Le nom est-il correct ? Si oui, réessayez dans quelques minutes.
flow-tenant-taken = Ce Lucca est déjà connecté à { $vendor }, pour un autre compte client. Demandez à { $vendor } quel compte utiliser.
flow-tenant-other = Ce lien renouvelle la connexion avec { $expected }. Pour connecter un autre Lucca, demandez un nouveau lien à { $vendor }.
flow-tenant-error = Ceci n’est pas une adresse Lucca. Elle se termine par ilucca.net ou ilucca.ch, comme https://acme.ilucca.net.
flow-tenant-error-empty = Saisissez l’adresse de votre Lucca.
flow-tenant-error-email = Ceci est une adresse e-mail. Copiez plutôt l’adresse de la page depuis votre navigateur.
flow-tenant-error-key = Ceci ressemble à une clé API. Elle vous sera demandée plus tard ; saisissez ici l’adresse de votre Lucca.
flow-tenant-error-account = Il manque le nom du Lucca de votre entreprise : l’adresse commence par lui, comme https://acme.ilucca.net.
flow-tenant-error-site = Ceci est un site de la société Lucca. Connectez-vous au Lucca de votre entreprise, puis copiez l’adresse.
flow-tenant-error-characters = L’adresse contient un caractère que les adresses Lucca n’ont pas. Copiez-la à nouveau depuis votre navigateur.
flow-tenant-error-look-alike = Cette adresse ressemble seulement à une adresse Lucca. Par sécurité, rien n’y a été envoyé. Les vraies se terminent par ilucca.net ou ilucca.ch.
flow-tenant-error-ending = La terminaison n’est pas celle de Lucca : c’est .net, ou .ch pour l’hébergement suisse.
flow-tenant-error-loopback = Ceci est une adresse de la machine qui héberge ce service, ce qui n’est pas autorisé.

## Linking flow: creation of the API key in Lucca

flow-key-title = Créer la clé API
flow-key-text = Gardez cette page ouverte et faites ceci dans Lucca, dans un autre onglet.
flow-key-open = Ouvrir votre Lucca
flow-key-point-1 = Ouvrez les paramètres (la roue dentée) > « Authentification, SSO et API » > « Clés API », puis choisissez « Générer une nouvelle clé API ».
flow-key-point-2 = Nommez la clé (« Nom de la clé ») :
flow-key-point-3 = Cochez ces permissions :
flow-key-point-4 = « Contact technique » : votre adresse e-mail ou celle de votre service informatique.
flow-key-point-4-email = « Contact technique » :
flow-key-point-5 = Usage de la clé : choisissez « Éditeur tiers » (“Third-party publisher”), et saisissez :
flow-key-point-6 = Générez la clé. Inutile de la copier maintenant : il reste un réglage.
flow-key-write = La permission de Lucca mentionne aussi la création et la modification d’utilisateurs : Lucca n’en propose pas de plus restreinte.
flow-key-done = La clé est créée

## Linking flow: role of the key in Lucca

flow-role-title = Configurer le rôle de la clé
flow-role-text = Chaque clé a son propre rôle, qui décide de ce qu’elle voit. Sans cette étape il manque des personnes, et Lucca ne le signale pas.
flow-role-point-1 = Ouvrez les rôles :
flow-role-open = Ouvrir les rôles dans votre Lucca
flow-role-point-2 = Ouvrez le rôle qui porte le nom de la clé. C’est le dernier de la liste.
flow-role-point-3 = Dans l’onglet « Collaborateurs » (“Co-workers”), cochez :
flow-role-point-4 = Chacune pour toute l’entreprise : laissez le périmètre le plus large possible.
flow-role-point-5 = Enregistrez.
flow-role-done = Le rôle est enregistré

## Linking flow: input of the API key and its errors

flow-enter-key-title = Saisir la clé API
flow-enter-key-text = De retour sur la page « Clés API » de Lucca, copiez la clé depuis sa ligne et collez-la ici. Elle n’est envoyée qu’à votre Lucca, conservée chiffrée, et n’est plus jamais affichée.
flow-enter-key-label = Clé API
flow-enter-key-hint = 36 caractères, comme 01234567-89ab-cdef-0123-456789abcdef
flow-enter-key-show = Afficher la clé
flow-enter-key-check = Vérifier la clé
flow-enter-key-held = Nous avons déjà une clé. Saisissez-en une autre pour la remplacer, ou passez aux vérifications.
flow-enter-key-go-on = Passer aux vérifications
flow-enter-key-error = Ceci n’est pas une clé API de Lucca : elle compte 36 caractères, chiffres et lettres de a à f en cinq groupes. Copiez-la à nouveau, en entier.
flow-enter-key-error-empty = Saisissez la clé API.
flow-enter-key-error-url = Ceci est une adresse web. Saisissez la clé elle-même.
flow-enter-key-error-email = Ceci est une adresse e-mail. Saisissez la clé elle-même.
flow-enter-key-error-masked = Une partie de la clé est masquée. Affichez-la dans Lucca, puis copiez-la en entier.

## Linking flow: checks, their results and failures

flow-checks-title = Vérification de la clé
flow-checks-running = Vérification : { $what }…
flow-checks-wait = Cela prend quelques secondes, jusqu’à une minute si Lucca est occupé.
flow-checks-missing = Cochez-le dans Lucca, puis vérifiez à nouveau.
flow-checks-confirm-needed = Vous seul pouvez le savoir : merci de le confirmer.
flow-checks-not-begun = La vérification n’a pas commencé.
flow-checks-begin = Vérifier
flow-checks-again = C’est coché, vérifier à nouveau
flow-checks-recheck = Vérifier à nouveau
flow-checks-confirm = Je confirme que c’est correct
flow-checks-confirmed = Vous l’avez confirmé.
flow-checks-own-fields = Les champs propres à votre entreprise
flow-checks-own-fields-text = Ces champs ont été trouvés dans Lucca. Décochez ceux qui ne doivent pas être lus, la rémunération par exemple : ils ne seront jamais enregistrés.
flow-checks-link = Connecter et lancer la synchronisation
flow-checks-anyway = Continuer sans
flow-checks-anyway-text = Vous pouvez continuer, mais voici ce que cela implique :
flow-checks-excess = Plus que nécessaire
flow-checks-verdict-granted = Accordé
flow-checks-verdict-missing = Manquant
flow-checks-verdict-cannot-tell = À confirmer
flow-checks-verdict-not-yet = Pas encore connu
flow-checks-verdict-likely-fine = Probablement correct
flow-checks-verdict-likely-missing = Probablement manquant
flow-checks-verdict-waiting = En attente
flow-checks-verdict-running = En cours
flow-checks-verdict-done = Fait
flow-checks-probe-tenant = Votre Lucca répond
flow-checks-probe-key = La clé est acceptée
flow-checks-probe-people = Collaborateurs
flow-checks-probe-future = Futurs collaborateurs
flow-checks-probe-former = Collaborateurs partis
flow-checks-probe-contracts = Contrats
flow-checks-probe-jobs = Postes
flow-checks-probe-managers = Managers
flow-checks-probe-qualifications = Qualifications
flow-checks-probe-leaves = Absences
flow-checks-probe-absence-requests = Demandes d’absence
flow-checks-probe-custom-fields = Vos champs personnalisés
flow-checks-probe-excess = Droits superflus
flow-checks-failed-key-refused = Lucca n’accepte pas cette clé. A-t-elle été copiée en entier, et depuis ce Lucca ? Saisissez-la à nouveau.
flow-checks-failed-unreachable = Votre Lucca n’a pas pu être joint. Vérifiez l’adresse ou réessayez dans quelques minutes.
flow-checks-failed-not-lucca = Ce qui répond à cette adresse n’est pas Lucca. Vérifiez l’adresse.
flow-checks-failed-other = Lucca n’a pas pu être interrogé ({ $code }). Réessayez dans quelques minutes ; si cela persiste, communiquez ce code à l’assistance.
flow-checks-failed-new-key = Saisir une autre clé
flow-checks-failed-new-tenant = Modifier l’adresse

## Linking flow: first sync, with the lists that it reads

flow-sync-title = Synchronisation
flow-sync-connected = Votre Lucca est connecté. Nous le lisons pour la première fois.
flow-sync-connected-again = Votre Lucca est de nouveau connecté. Nous lisons ce qui a changé depuis la dernière synchronisation.
flow-sync-leave = Vous pouvez fermer cette page : la synchronisation continue sans elle.
flow-sync-budget = Lucca limite le nombre de requêtes par minute : des pauses sont possibles.
flow-sync-queued = La synchronisation est en file d’attente et démarre d’elle-même, en général dans un instant.
flow-sync-starting = Démarrage…
flow-sync-reading = Lecture : { $what }
flow-sync-finished = La synchronisation est terminée.
flow-sync-failed = La synchronisation n’a pas pu se terminer ; elle sera relancée automatiquement. Vous pouvez continuer.
flow-sync-up-to-date = à jour
flow-sync-of = { $done } sur { $total }
flow-sync-see = Voir le résumé
flow-sync-stream-users = Collaborateurs
flow-sync-stream-work-contracts = Contrats
flow-sync-stream-departments = Départements
flow-sync-stream-establishments = Établissements
flow-sync-stream-legal-units = Unités légales
flow-sync-stream-leaves = Absences, en demi-journées
flow-sync-stream-leave-requests = Demandes d’absence
flow-sync-stream-job-qualifications = Qualifications
flow-sync-stream-other = Autres listes

## Linking flow: summary of the first sync

flow-summary-title = Ce que nous avons trouvé
flow-summary-people = Collaborateurs
flow-summary-active = { $count } présents
flow-summary-future = { $count } futurs
flow-summary-former = { $count } partis
flow-summary-departments = Départements
flow-summary-establishments = Établissements
flow-summary-absences = Absences, en demi-journées
flow-summary-compare = Ces chiffres vous semblent-ils corrects ? S’il manque des personnes, revoyez le rôle de la clé dans Lucca ; vos modifications seront prises en compte automatiquement.
flow-summary-missing = Ce qui manque
flow-summary-later = Vous pouvez le cocher dans Lucca à tout moment ; la prochaine synchronisation en tiendra compte.
flow-summary-finish = Terminer

## Linking flow: last page

flow-done-title = Lucca est connecté
flow-done-text = Désormais, { $vendor } se tient à jour avec votre Lucca. Vous n’avez plus rien à faire.
flow-done-already-title = Lucca est déjà connecté
flow-done-already = Ce lien a été utilisé. { $vendor } se tient à jour avec votre Lucca. Vous n’avez plus rien à faire.
flow-done-return-to = Revenir à { $vendor }
flow-done-close = Vous pouvez fermer cette fenêtre.
flow-done-revoke = Pour mettre fin à la connexion, prévenez { $vendor } ou supprimez la clé API dans Lucca.

## Linking flow: error pages

flow-refused-unknown-title = Ce lien est inconnu
flow-refused-unknown = Il a peut-être été tronqué lors de la copie. Ouvrez-le à nouveau depuis sa source, ou demandez-en un nouveau à { $vendor }.
flow-refused-expired-title = Ce lien a expiré
flow-refused-expired = Par sécurité, les liens ne sont valables qu’un temps. Demandez-en un nouveau à { $vendor }.
flow-refused-cancelled-title = Cette invitation a été retirée
flow-refused-cancelled = Rien n’est lu dans Lucca. Demandez un nouveau lien à { $vendor } si vous souhaitez vous connecter.
flow-refused-conflict-title = Ceci a été modifié ailleurs
flow-refused-conflict = Quelqu’un a poursuivi cette connexion sur un autre appareil. Rechargez la page pour voir où elle en est.
flow-refused-forged-title = Ce formulaire est inutilisable
flow-refused-forged = Il n’a pas été envoyé depuis notre page. Ouvrez à nouveau votre lien et réessayez.
flow-refused-too-often-title = Trop de tentatives
flow-refused-failed-title = Une erreur s’est produite de notre côté
flow-refused-failed = Rien n’est perdu. Réessayez dans une minute ; si cela persiste, prévenez { $vendor }.
flow-refused-reload = Rouvrir la page
flow-refused-stopped-title = Rien n’a été connecté
flow-refused-stopped-text = Vous avez arrêté. La clé éventuellement saisie est effacée ici ; supprimez-la aussi dans Lucca si elle est inutile.

## Issues

issue-confirm = Pour le confirmer : { $command } ; ou renouvelez la connexion.
issue-key-refused = Lucca refuse la clé API.
issue-key-refused-remedy = Créez une nouvelle clé dans Lucca, puis renouvelez la connexion : { $command }
issue-rate-limited = Depuis { $minutes } minutes, Lucca refuse des requêtes, car les intégrations de cette instance en envoient ensemble plus de 50 par minute. Les nôtres attendent et sont renouvelées.
issue-rate-limited-remedy = Trouvez l’autre intégration qui en envoie autant et ralentissez-la, ou donnez à la nôtre une part plus petite, sous 40 : { $command }
issue-records-held =
    { $records } { $count ->
        [one] manque
       *[other] manquent
    } dans Lucca : trop pour le croire sans vous demander.
issue-records-held-remedy = Examinez et décidez : { $command }
issue-delivery-held = Le filtre ne transmettrait plus { $records } : trop pour le croire sans vous demander.
issue-delivery-held-remedy = Vérifiez que ce qu’il nomme existe toujours dans Lucca, puis redonnez-le ou modifiez-le : { $command }
issue-people-undecided =
    { $count } { $count ->
        [one] personne n’est plus affichée
       *[other] personnes ne sont plus affichées
    } par Lucca, et rien n’indique { $count ->
        [one] si elle a été supprimée
       *[other] si elles ont été supprimées
    } ({ $reasons }). Identifiants Lucca : { $ids }.
issue-people-undecided-remedy = Recherchez ces personnes dans Lucca. Supprimées : confirmez avec { $command } --approve. Toujours présentes : élargissez le périmètre du rôle de la clé API, ou conservez-les avec --reject.
issue-people-undecided-separator = {"\u202F; "}
issue-people-undecided-referenced = d’autres les désignent encore comme manager ou responsable d’un département
issue-people-undecided-last-of-establishment = plus aucune autre personne de leur établissement n’est affichée
issue-people-undecided-others-hidden = la clé a perdu de vue d’autres personnes lors de la même lecture
issue-scope-narrowed = { $people } personnes sur { $of } ne sont plus affichées, avec l’ensemble de leurs établissements : le périmètre du rôle de la clé API a probablement été restreint. Elles sont masquées, non supprimées.
issue-scope-narrowed-remedy = Dans Lucca, ouvrez le rôle qui porte le nom de la clé API et élargissez son périmètre aux établissements que le connecteur doit lire, puis relancez une lecture complète : { $command }. Si cette restriction est voulue, il n’y a rien à faire : ces personnes restent masquées.
issue-webhooks-disabled =
    Un point de terminaison de webhooks ne reçoit plus rien : { $gone ->
        [yes] il a répondu 410 Gone
       *[no] il a échoué pendant trois jours
    }.
issue-webhooks-disabled-remedy = Réparez le récepteur, puis réactivez-le : ce qu’il a manqué lui sera envoyé : { $call }
issue-scim-held = { $count } utilisateurs d’un service SCIM seraient désactivés : trop pour le faire sans vous demander.
issue-scim-held-remedy = Examinez et décidez : lucca-connector scim push { $id } --dry-run, puis --confirm
issue-scim-memberships-held = { $count } utilisateurs actifs d’un service SCIM ne seraient plus dans aucun groupe : trop pour le faire sans vous demander.
issue-scim-memberships-held-remedy = Examinez et décidez : lucca-connector scim push { $id } --dry-run, puis --confirm. Un rôle restreint de la clé d’API se présente de la même façon.
issue-scim-refused = Un service SCIM refuse son jeton.
issue-scim-refused-remedy = Créez-y un nouveau jeton, puis donnez-le : lucca-connector scim set { $id } --token-file FICHIER
issue-scim-unreachable = Un service SCIM ne répond pas comme tel ; un nouvel essai aura lieu.
issue-scim-unreachable-remedy = Vérifiez son adresse : lucca-connector scim show { $id }
issue-scim-records-failed = { $count } utilisateurs ou groupes n’ont pas pu être transmis à un service SCIM.
issue-scim-records-failed-remedy = Voyez lesquels, et pourquoi : lucca-connector scim push { $id }

## Calendar feeds

calendar-event = { $name } : { $title }
calendar-event-with-notes = { $name } : { $title } ({ $notes })
# Not "absent", which agrees with the employee's gender, which is unknown.
calendar-absent = absence
calendar-morning = matin
calendar-afternoon = après-midi
calendar-pending = non validé

## Widget: the dialog around the linking flow

widget-title = Connecter Lucca
widget-close = Fermer
widget-loading = Chargement…
widget-silent = Le chargement ne semble pas aboutir. Fermez et réessayez ; si cela ne suffit pas, prévenez le support de cette application.
