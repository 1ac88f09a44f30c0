//! Entering the API key, and errors in it.

texts! {
    title {
        "Enter the API key",
        "Saisir la clé API"
    }
    text {
        "Back on the page “API keys” in Lucca, copy the key from its row and paste it here. It is sent to nobody but your Lucca, kept encrypted, and never shown again.",
        "De retour sur la page « Clés API » de Lucca, copiez la clé depuis sa ligne et collez-la ici. Elle n’est envoyée qu’à votre Lucca, conservée chiffrée, et n’est plus jamais affichée."
    }
    label {
        "API key",
        "Clé API"
    }
    hint {
        "36 characters, such as 01234567-89ab-cdef-0123-456789abcdef",
        "36 caractères, comme 01234567-89ab-cdef-0123-456789abcdef"
    }
    show {
        "Show the key",
        "Afficher la clé"
    }
    check {
        "Check the key",
        "Vérifier la clé"
    }
    held {
        "We hold a key already. Enter another one to replace it, or go on to the checks.",
        "Nous avons déjà une clé. Saisissez-en une autre pour la remplacer, ou passez aux vérifications."
    }
    go_on {
        "Go on to the checks",
        "Passer aux vérifications"
    }
    error {
        "This is no API key of Lucca: it has 36 characters, digits and letters a to f in five groups. Copy it once more, as a whole.",
        "Ceci n’est pas une clé API de Lucca : elle compte 36 caractères, chiffres et lettres de a à f en cinq groupes. Copiez-la à nouveau, en entier."
    }
    error_empty {
        "Enter the API key.",
        "Saisissez la clé API."
    }
    error_url {
        "This is a web address. Enter the key itself.",
        "Ceci est une adresse web. Saisissez la clé elle-même."
    }
    error_email {
        "This is an e-mail address. Enter the key itself.",
        "Ceci est une adresse e-mail. Saisissez la clé elle-même."
    }
    error_masked {
        "A part of the key is hidden. Show it in Lucca, then copy it as a whole.",
        "Une partie de la clé est masquée. Affichez-la dans Lucca, puis copiez-la en entier."
    }
}
