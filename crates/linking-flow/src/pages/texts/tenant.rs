//! The tenant's address, and errors in it.

texts! {
    title {
        "Where is your Lucca?",
        "Où se trouve votre Lucca ?"
    }
    text {
        "Copy the address from your browser while you are signed in to Lucca. Any page will do.",
        "Copiez l’adresse affichée par votre navigateur lorsque vous êtes connecté à Lucca. N’importe quelle page convient."
    }
    label {
        "Address of your Lucca",
        "Adresse de votre Lucca"
    }
    hint {
        "For example https://acme.ilucca.net/home",
        "Par exemple https://acme.ilucca.net/home"
    }
    found {
        "We will connect to",
        "Nous nous connecterons à"
    }
    environment {
        "Environment",
        "Environnement"
    }
    region {
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
    unreachable {
        "Nothing answers at this address. Is the name right? If it is, try again in a few minutes.",
        "Rien ne répond à cette adresse. Le nom est-il correct ? Si oui, réessayez dans quelques minutes."
    }
    taken {
        "This Lucca is connected to {vendor} already, for another customer account. Ask {vendor} which account to use.",
        "Ce Lucca est déjà connecté à {vendor}, pour un autre compte client. Demandez à {vendor} quel compte utiliser."
    }
    other {
        "This link renews the connection with {expected}. To connect another Lucca, ask {vendor} for a new link.",
        "Ce lien renouvelle la connexion avec {expected}. Pour connecter un autre Lucca, demandez un nouveau lien à {vendor}."
    }
    error {
        "This is no address of a Lucca. It ends with ilucca.net or ilucca.ch, such as https://acme.ilucca.net.",
        "Ceci n’est pas une adresse Lucca. Elle se termine par ilucca.net ou ilucca.ch, comme https://acme.ilucca.net."
    }
    error_empty {
        "Enter the address of your Lucca.",
        "Saisissez l’adresse de votre Lucca."
    }
    error_email {
        "This is an e-mail address. Copy the address of the page from your browser instead.",
        "Ceci est une adresse e-mail. Copiez plutôt l’adresse de la page depuis votre navigateur."
    }
    error_key {
        "This looks like an API key. It is asked for later; here, enter the address of your Lucca.",
        "Ceci ressemble à une clé API. Elle vous sera demandée plus tard ; saisissez ici l’adresse de votre Lucca."
    }
    error_account {
        "The name of your company’s Lucca is missing: the address begins with it, such as https://acme.ilucca.net.",
        "Il manque le nom du Lucca de votre entreprise : l’adresse commence par lui, comme https://acme.ilucca.net."
    }
    error_site {
        "This is one of Lucca’s own websites. Sign in to your company’s Lucca, then copy the address from there.",
        "Ceci est un site de la société Lucca. Connectez-vous au Lucca de votre entreprise, puis copiez l’adresse."
    }
    error_characters {
        "There is a character in it that Lucca’s addresses do not have. Copy the address from your browser once more.",
        "L’adresse contient un caractère que les adresses Lucca n’ont pas. Copiez-la à nouveau depuis votre navigateur."
    }
    error_look_alike {
        "This address only looks like one of Lucca’s. For your safety nothing was sent to it. Real ones end with ilucca.net or ilucca.ch.",
        "Cette adresse ressemble seulement à une adresse Lucca. Par sécurité, rien n’y a été envoyé. Les vraies se terminent par ilucca.net ou ilucca.ch."
    }
    error_ending {
        "The ending is not one of Lucca’s: it is .net, or .ch for Swiss hosting.",
        "La terminaison n’est pas celle de Lucca : c’est .net, ou .ch pour l’hébergement suisse."
    }
    error_loopback {
        "This is an address of the machine that runs this service, which is not allowed.",
        "Ceci est une adresse de la machine qui héberge ce service, ce qui n’est pas autorisé."
    }
}
