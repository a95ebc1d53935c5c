// Before the first paint: a tab that is signed in never flashes the form.
try {
	if (sessionStorage.getItem("reprise.token")) document.documentElement.dataset.state = "loading";
} catch {
	// no storage, no token
}
