package main

import "reprise/cmd/reprise/words"

// plural is n of a thing that is named in the singular.
func plural(n int64, thing string) string { return words.Count(n, thing) }
