// The example's own code: leaves for the flow with the pasted link token, and shows the public token on return.
const byId = (id) => document.getElementById(id);

for (const place of document.querySelectorAll('[data-home]')) place.textContent = location.origin;

// Any page can link here with any parameter; the command to copy must contain only a valid token.
const publicToken = new URLSearchParams(location.search).get('public_token') ?? '';
if (/^pub_[A-Za-z0-9_-]+$/.test(publicToken)) {
  byId('state').textContent = 'Connected';
  byId('state').classList.add('good');
  byId('public-token').textContent = publicToken;
  byId('result').hidden = false;
  for (const place of document.querySelectorAll('[data-public-token]')) place.textContent = publicToken;
  // Keeps the token out of the history and bookmarks.
  history.replaceState(null, '', location.pathname);
}

byId('connect').addEventListener('submit', (event) => {
  event.preventDefault();
  byId('problem').textContent = '';
  try {
    LuccaConnector.redirect({ linkToken: byId('link-token').value.trim() });
  } catch (error) {
    byId('problem').textContent = error.message;
  }
});
