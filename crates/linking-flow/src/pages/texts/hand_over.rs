//! Handing over to an administrator, with a draft of the e-mail.

texts! {
    title {
        "Hand over to an administrator",
        "Transmettre à un administrateur"
    }
    text {
        "Send a link to somebody who may create API keys in Lucca. They go on where you are; what you said is kept.",
        "Envoyez un lien à une personne qui peut créer des clés API dans Lucca. Elle reprendra là où vous en êtes ; ce que vous avez indiqué est conservé."
    }
    make {
        "Make a link",
        "Créer un lien"
    }
    link {
        "Link for the administrator",
        "Lien pour l’administrateur"
    }
    until {
        "It is valid until {until}. Whoever has it can link Lucca in your company’s name, so send it to that person only.",
        "Il est valable jusqu’au {until}. Toute personne qui l’a peut connecter Lucca au nom de votre entreprise : ne l’envoyez qu’à cette personne."
    }
    mail {
        "Write the e-mail",
        "Rédiger l’e-mail"
    }
    subject {
        "Connect Lucca to {vendor}",
        "Connecter Lucca à {vendor}"
    }
    body {
        "Hello,\n\n{vendor} needs to be connected to our Lucca, which takes a right that I do not have (Other > Lucca > Roles and API Key management). Could you do it? It takes about five minutes, and each step is explained:\n\n{url}\n\nThe link is valid until {until}.\n\nThank you!",
        "Bonjour,\n\n{vendor} doit être connecté à notre Lucca, ce qui demande un droit que je n’ai pas (Autre > Lucca > Gestion des rôles et des clés API). Pourriez-vous le faire ? Cela prend environ cinq minutes et chaque étape est expliquée :\n\n{url}\n\nLe lien est valable jusqu’au {until}.\n\nMerci !"
    }
}
