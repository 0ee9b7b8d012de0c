package main

import (
	"crypto/rand"
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"entente/node"
)

// sheet is what a party keeps on paper: which keys are the true ones, how to keep them, and what to do when one is lost. What
// stands in Secrets is nowhere else.
type sheet struct {
	Intro   node.Introduction
	Address string
	Made    int64
	Sealed  bool // backups hold the node's own keys, sealed to the recovery key
	secrets *secrets
}

// secrets are printed once, at init --recovery.
type secrets struct {
	next     string // passphrase of the next root
	recovery string // age identity that opens the node's own keys in a backup
}

// sheetFile is where init leaves the sheet.
const sheetFile = node.SheetFile

// newSecrets makes a passphrase and a recovery key. recipient is for the node's description.
func newSecrets() (s *secrets, recipient string, err error) {
	s = &secrets{next: paperPassphrase()}
	s.recovery, recipient, err = node.Recovery()
	return s, recipient, err
}

// letters of a printed passphrase: none that is taken for another (Crockford's base 32).
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// paperPassphrase has 150 random bits in six groups of five characters, to be typed from paper in any language.
func paperPassphrase() string {
	var b [30]byte
	rand.Read(b[:])
	var out strings.Builder
	for i, x := range b {
		if i > 0 && i%5 == 0 {
			out.WriteByte('-')
		}
		out.WriteByte(letters[x%32])
	}
	return out.String()
}

func (s *sheet) write(w io.Writer) {
	i := s.Intro
	line := strings.Repeat("=", 78)
	blank := func(label string) {
		fmt.Fprintf(w, "%s %s\n", label, strings.Repeat("_", max(10, 76-len([]rune(label)))))
	}
	fmt.Fprintf(w, "%s\nENTENTE   %s   %s / %s\n%s\n\n", line, i.Party, i.Names["en"], i.Names["es"], line)
	fmt.Fprintf(w, "Made / Elaborada:  %s\nNode / Nodo:       %s\n\n", time.Unix(s.Made, 0).UTC().Format("2006-01-02 15:04 UTC"), s.Address)
	fmt.Fprintf(w, "Fingerprint of the introduction, read over the telephone\nHuella de la presentación, se lee por teléfono\n\n    %s\n\n", i.Fingerprint())
	fmt.Fprintf(w, "Root key / Llave raíz\n    %s\nDigest of the next root key / Resumen de la siguiente llave raíz\n    %s\n\n", i.Root, i.Next)
	if s.secrets != nil {
		fmt.Fprintf(w, "%s\nSECRET. This is written nowhere else.   SECRETO. No consta en ningún otro lugar.\n\n", line)
		fmt.Fprintf(w, "Passphrase of next-root.age / Contraseña de next-root.age\n\n    %s\n\n", s.secrets.next)
		fmt.Fprintf(w, "Recovery key: opens node.keys in a backup\nLlave de recuperación: abre node.keys en un respaldo\n\n    %s\n    %s\n\n", s.secrets.recovery[:40], s.secrets.recovery[40:])
	}
	fmt.Fprintf(w, "%s\nENGLISH\n\n%s\n", line, s.text("en"))
	for _, l := range []string{"root.age is kept at", "by (office)", "next-root.age is kept at", "by (office)", "This sheet is kept at", "by (office), since"} {
		blank(l)
	}
	fmt.Fprintf(w, "\n%s\nESPAÑOL\n\n%s\n", line, s.text("es"))
	for _, l := range []string{"root.age se conserva en", "por (área)", "next-root.age se conserva en", "por (área)", "Esta hoja se conserva en", "por (área), desde"} {
		blank(l)
	}
	fmt.Fprintln(w, line)
}

//go:embed sheet/*.txt
var sheetTexts embed.FS

var sheetTemplates = template.Must(template.ParseFS(sheetTexts, "sheet/*.txt"))

// text is what the sheet says in a language.
func (s *sheet) text(lang string) string {
	var b strings.Builder
	if err := sheetTemplates.ExecuteTemplate(&b, lang+".txt", map[string]bool{"Secret": s.secrets != nil, "Sealed": s.Sealed}); err != nil {
		panic(err) // the template is wrong, not the user
	}
	return b.String()
}

// save writes the sheet to a file for its owner only, or to standard output.
func (s *sheet) save(a *app, to string) error {
	if to == "-" {
		s.write(a.out)
		return nil
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("recovery sheet: %w", err)
	}
	s.write(f)
	return f.Close()
}

type sheetCmd struct {
	Output string `short:"o" help:"File to write it to; default: standard output." default:"-" placeholder:"FILE" type:"path"`
}

func (sheetCmd) Help() string {
	return `Which keys are the true ones, how to keep them, and what to do when one is lost or stolen, in both languages, for paper. It holds no
secret: those are printed once, by entente init --recovery. Print it anew after entente rotate.

Examples:
  entente sheet | lpr
  entente sheet -o sheet.txt`
}

func (c *sheetCmd) Run(a *app) error {
	if a.flags.JSON {
		return usage("a sheet is for paper: entente introduction --json has the keys and the fingerprint")
	}
	return a.with(func(s *session) error {
		x, err := s.sheet(a)
		if err != nil {
			return err
		}
		return x.save(a, c.Output)
	})
}

func (s *session) sheet(a *app) (*sheet, error) {
	i, err := s.operator.Introduction(a.ctx)
	if err != nil {
		return nil, err
	}
	n, err := s.operator.Node(a.ctx)
	if err != nil {
		return nil, err
	}
	x := &sheet{Intro: i.Introduction, Address: n.Address, Made: n.Time}
	if c, err := node.ReadConfig(a.flags.Dir); err == nil {
		x.Sealed = c.Recovery != ""
	}
	return x, nil
}

// leftOver are the files that ought not to stay in a node's folder.
func leftOver(dir string) (out []string) {
	for _, f := range []string{node.RootFile, node.NextFile, sheetFile} {
		if _, err := os.Stat(filepath.Join(dir, f)); err == nil {
			out = append(out, f)
		}
	}
	return out
}
