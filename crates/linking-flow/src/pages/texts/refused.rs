//! Error pages.

texts! {
    unknown_title {
        "This link is not known",
        "Ce lien est inconnu"
    }
    unknown {
        "It may have been cut when it was copied. Open it again from where you got it, or ask {vendor} for a new one.",
        "Il a peut-être été tronqué lors de la copie. Ouvrez-le à nouveau depuis sa source, ou demandez-en un nouveau à {vendor}."
    }
    expired_title {
        "This link has expired",
        "Ce lien a expiré"
    }
    expired {
        "For your safety links are valid for a short time only. Ask {vendor} for a new one.",
        "Par sécurité, les liens ne sont valables qu’un temps. Demandez-en un nouveau à {vendor}."
    }
    cancelled_title {
        "This invitation was withdrawn",
        "Cette invitation a été retirée"
    }
    cancelled {
        "Nothing is read from Lucca. Ask {vendor} for a new link if you want to connect.",
        "Rien n’est lu dans Lucca. Demandez un nouveau lien à {vendor} si vous souhaitez vous connecter."
    }
    conflict_title {
        "This was changed elsewhere",
        "Ceci a été modifié ailleurs"
    }
    conflict {
        "Somebody went on with this connection on another device. Load the page again to see how far it is.",
        "Quelqu’un a poursuivi cette connexion sur un autre appareil. Rechargez la page pour voir où elle en est."
    }
    forged_title {
        "This form cannot be used",
        "Ce formulaire est inutilisable"
    }
    forged {
        "It was not sent from our own page. Open your link again and try once more.",
        "Il n’a pas été envoyé depuis notre page. Ouvrez à nouveau votre lien et réessayez."
    }
    too_often_title {
        "Too many attempts",
        "Trop de tentatives"
    }
    failed_title {
        "Something went wrong on our side",
        "Une erreur s’est produite de notre côté"
    }
    failed {
        "Nothing is lost. Try again in a minute; if it stays so, tell {vendor}.",
        "Rien n’est perdu. Réessayez dans une minute ; si cela persiste, prévenez {vendor}."
    }
    reload {
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
