package word_test

import (
	"bytes"
	"fmt"

	"entente/word"
)

// A text goes out in two columns, comes back, and is shown as a redline against the current text.
func Example() {
	current := [2]string{"The Parties meet every month.\n\nThey report.", "Las Partes se reúnen cada mes.\n\nInforman."}
	left, right := word.Paragraphs(current[0]), word.Paragraphs(current[1])
	var file bytes.Buffer
	err := word.Write(&file, word.Document{Languages: [2]string{"en-US", "es-MX"}, Names: [2]string{"English", "Español"}, Rows: word.Align(left, right),
		Group: "Implementation group", Status: "Proposed · Propuesto", Marking: "TLP:AMBER", Reference: "the id of the version"})
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := word.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(back.Reference, back.Languages)
	theirs := back.Column(0)
	theirs[0] = "The Parties meet each month."
	for _, c := range word.Redline(left, theirs) {
		for _, p := range c.Pieces {
			fmt.Printf("%s %s %q\n", c.Kind, p.Kind, p.Text)
		}
	}
	// Output:
	// the id of the version [en-US es-MX]
	// changed same "The Parties meet "
	// changed removed "every"
	// changed added "each"
	// changed same " month."
	// same same "They report."
}
