//! Texts in the drawings of Lucca, and their descriptions.

texts! {
    settings {
        "Drawing: in Lucca’s settings, the page “API keys” with the button “Generate a new API key”.",
        "Dessin : dans les paramètres de Lucca, la page « Clés API » avec le bouton « Générer une nouvelle clé API »."
    }
    cog {
        "Settings",
        "Paramètres"
    }
    auth {
        "Authentication, SSO and API",
        "Authentification, SSO et API"
    }
    keys {
        "API keys",
        "Clés API"
    }
    generate {
        "Generate a new API key",
        "Générer une nouvelle clé API"
    }
    address {
        "Drawing: a browser’s address bar; the address of your Lucca is highlighted.",
        "Dessin : la barre d’adresse d’un navigateur ; l’adresse de votre Lucca est en évidence."
    }
    form {
        "Drawing: the form for a new API key, with the permissions to tick.",
        "Dessin : le formulaire d’une nouvelle clé API, avec les permissions à cocher."
    }
    key_name {
        "Key name",
        "Nom de la clé"
    }
    contact {
        "Technical contact",
        "Contact technique"
    }
    usage {
        "Third-party publisher",
        "Éditeur tiers"
    }
    roles {
        "Drawing: the list of roles; the key’s role is the last one.",
        "Dessin : la liste des rôles ; celui de la clé est le dernier."
    }
    role {
        "Drawing: the key’s role, tab “Co-workers”, with the boxes to tick.",
        "Dessin : le rôle de la clé, onglet « Collaborateurs », avec les cases à cocher."
    }
    roles_title {
        "Roles",
        "Rôles"
    }
    tab {
        "Co-workers",
        "Collaborateurs"
    }
    save {
        "Save",
        "Enregistrer"
    }
    row {
        "Drawing: the key’s row on the page “API keys”, with the button to copy it.",
        "Dessin : la ligne de la clé sur la page « Clés API », avec le bouton pour la copier."
    }
}
