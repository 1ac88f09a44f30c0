//! How to create the API key in Lucca.

texts! {
    title {
        "Create the API key",
        "Créer la clé API"
    }
    text {
        "Keep this page open, and do this in Lucca in another tab.",
        "Gardez cette page ouverte et faites ceci dans Lucca, dans un autre onglet."
    }
    open {
        "Open your Lucca",
        "Ouvrir votre Lucca"
    }
    point_1 {
        "Open the settings (the cog) > “Authentication, SSO and API” > “API keys”, and choose “Generate a new API key”.",
        "Ouvrez les paramètres (la roue dentée) > « Authentification, SSO et API » > « Clés API », puis choisissez « Générer une nouvelle clé API »."
    }
    point_2 {
        "Name the key (“Key name”):",
        "Nommez la clé (« Nom de la clé ») :"
    }
    point_3 {
        "Tick these permissions:",
        "Cochez ces permissions :"
    }
    point_4 {
        "“Technical contact”: your e-mail address, or that of your IT department.",
        "« Contact technique » : votre adresse e-mail ou celle de votre service informatique."
    }
    point_4_email {
        "“Technical contact”:",
        "« Contact technique » :"
    }
    point_5 {
        "“API key usage”: choose “Third-party publisher”, and enter:",
        "Usage de la clé : choisissez « Éditeur tiers » (“Third-party publisher”), et saisissez :"
    }
    point_6 {
        "Generate the key. There is no need to copy it yet: one more setting first.",
        "Générez la clé. Inutile de la copier maintenant : il reste un réglage."
    }
    write {
        "Lucca’s permission also mentions creating and modifying users: Lucca offers no smaller one.",
        "La permission de Lucca mentionne aussi la création et la modification d’utilisateurs : Lucca n’en propose pas de plus restreinte."
    }
    done {
        "The key is created",
        "La clé est créée"
    }
}
