// Runs before the first paint, so that a tab that is signed in never flashes the form.
try {
	if (sessionStorage.getItem("reprise.token")) document.documentElement.dataset.state = "loading";
} catch {
	// No storage: whoever signs in does so for this page alone.
}
