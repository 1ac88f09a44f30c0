//! Whether this person may create API keys.

texts! {
    title {
        "Can you create API keys in Lucca?",
        "Pouvez-vous créer des clés API dans Lucca ?"
    }
    text {
        "In Lucca, open the settings (the cog), then “Authentication, SSO and API”, then “API keys”. Do you see the button “Generate a new API key”?",
        "Dans Lucca, ouvrez les paramètres (la roue dentée), puis « Authentification, SSO et API », puis « Clés API ». Voyez-vous le bouton « Générer une nouvelle clé API » ?"
    }
    right {
        "The button is shown to those who have the right “Other > Lucca > Roles and API Key management”.",
        "Le bouton est visible avec le droit « Autre > Lucca > Gestion des rôles et des clés API »."
    }
    yes {
        "Yes, I see the button",
        "Oui, je vois le bouton"
    }
    no {
        "No, hand over to an administrator",
        "Non, transmettre à un administrateur"
    }
}
