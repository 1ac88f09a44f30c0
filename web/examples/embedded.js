// The example's own code: opens the dialog with the pasted link token and shows the result.
const byId = (id) => document.getElementById(id);

for (const place of document.querySelectorAll('[data-home]')) place.textContent = location.origin;

byId('connect').addEventListener('submit', (event) => {
  event.preventDefault();
  byId('problem').textContent = '';
  try {
    LuccaConnector.open({
      linkToken: byId('link-token').value.trim(),
      onSuccess: ({ publicToken }) => {
        // Your own page sends it to your server here.
        byId('state').textContent = 'Connected';
        byId('state').classList.add('good');
        byId('public-token').textContent = publicToken;
        byId('result').hidden = false;
        for (const place of document.querySelectorAll('[data-public-token]')) place.textContent = publicToken;
      },
      onExit: ({ reason }) => note(`exit, because ${reason}`),
      onEvent: ({ type, step }) => note(step === null ? `event: ${type}` : `event: ${type} ${step}`),
    });
  } catch (error) {
    byId('problem').textContent = error.message;
  }
});

function note(text) {
  byId('nothing').hidden = true;
  byId('events').append(Object.assign(document.createElement('li'), { textContent: text }));
}
