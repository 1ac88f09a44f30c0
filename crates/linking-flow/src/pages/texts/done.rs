//! The end.

texts! {
    title {
        "Lucca is connected",
        "Lucca est connecté"
    }
    text {
        "From now on {vendor} keeps itself up to date with your Lucca. You need not do anything more.",
        "Désormais, {vendor} se tient à jour avec votre Lucca. Vous n’avez plus rien à faire."
    }
    already_title {
        "Lucca is already connected",
        "Lucca est déjà connecté"
    }
    already {
        "This link was used. {vendor} keeps itself up to date with your Lucca. You need not do anything more.",
        "Ce lien a été utilisé. {vendor} se tient à jour avec votre Lucca. Vous n’avez plus rien à faire."
    }
    return_to {
        "Return to {vendor}",
        "Revenir à {vendor}"
    }
    close {
        "You may close this window.",
        "Vous pouvez fermer cette fenêtre."
    }
    revoke {
        "To end the connection, tell {vendor}, or delete the API key in Lucca.",
        "Pour mettre fin à la connexion, prévenez {vendor} ou supprimez la clé API dans Lucca."
    }
}
