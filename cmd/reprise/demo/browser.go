package demo

import (
	"os/exec"
	"runtime"
	"strings"
)

// openBrowser has a browser show the URL, and reports whether one was started. That there is none is no error: the URL is
// printed, too. What a browser says goes nowhere, and it outlives the demo.
func openBrowser(url string, getenv func(string) string) bool {
	for _, words := range browsers(url, runtime.GOOS, getenv) {
		cmd := exec.Command(words[0], words[1:]...)
		cmd.SysProcAttr = ownGroup()
		if cmd.Start() != nil {
			continue
		}
		go func() { _ = cmd.Wait() }() // a program that hands the URL to a browser ends at once, and must not stay as a zombie
		return true
	}
	return false
}

// browsers are the commands to try, in their order: those of $BROWSER, a list with colons between, where %s stands for the
// URL, which comes last where nothing does; then what the desktop has. Without a desktop xdg-open would start a browser of
// text in this very terminal.
func browsers(url, system string, getenv func(string) string) (all [][]string) {
	for command := range strings.SplitSeq(getenv("BROWSER"), ":") {
		words := strings.Fields(command)
		if len(words) == 0 {
			continue
		}
		if !strings.Contains(command, "%s") {
			words = append(words, "%s")
		}
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "%s", url)
		}
		all = append(all, words)
	}
	switch {
	case system == "darwin":
		return append(all, []string{"open", url})
	case getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "":
		return append(all, []string{"xdg-open", url})
	default:
		return all
	}
}
