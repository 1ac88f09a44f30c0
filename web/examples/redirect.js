// The example's own code: leaves for the flow with the pasted link token, and shows what it is given on return.
const byId = (id) => document.getElementById(id);

for (const place of document.querySelectorAll('[data-home]')) place.textContent = location.origin;

// Anybody can write an address; what is shown in a command to copy must be a token and nothing else.
const publicToken = new URLSearchParams(location.search).get('public_token') ?? '';
if (/^pub_[A-Za-z0-9_-]+$/.test(publicToken)) {
  byId('state').textContent = 'Connected';
  byId('state').classList.add('good');
  byId('public-token').textContent = publicToken;
  byId('result').hidden = false;
  for (const place of document.querySelectorAll('[data-public-token]')) place.textContent = publicToken;
  // Neither the history nor a bookmark needs it.
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
