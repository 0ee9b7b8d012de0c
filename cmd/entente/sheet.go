package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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

// SheetFile is where init leaves the sheet.
const sheetFile = "recovery-sheet.txt"

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
	fmt.Fprintf(w, "%s\nENGLISH\n\n%s\n", line, s.english())
	for _, l := range []string{"root.age is kept at", "by (office)", "next-root.age is kept at", "by (office)", "This sheet is kept at", "by (office), since"} {
		blank(l)
	}
	fmt.Fprintf(w, "\n%s\nESPAÑOL\n\n%s\n", line, s.spanish())
	for _, l := range []string{"root.age se conserva en", "por (área)", "next-root.age se conserva en", "por (área)", "Esta hoja se conserva en", "por (área), desde"} {
		blank(l)
	}
	fmt.Fprintln(w, line)
}

func (s *sheet) english() string {
	paper := `What this sheet is for: to tell the true keys from others, and to know what to do. It holds no secret.
The passphrases are with those who chose them: seal each in an envelope of its own.
`
	if s.secrets != nil {
		paper = `What this sheet protects against: the loss of the machine (the recovery key opens node.keys in any backup)
and the loss or theft of the root key (the passphrase opens next-root.age). What it does not: whoever has this
sheet AND next-root.age can take the party's place; whoever has this sheet AND a backup with its key file can
read all that the node reads. Keep the sheet in a safe, next-root.age in another house, backups in a third.
`
	} else if s.Sealed {
		paper += `The recovery key is on the sheet that was printed when the node was made.
`
	}
	return paper + `
The keys
  root.age       says who may sign for the party. Needed for new offices, officials and node keys, seldom.
                 Copy it to two media that are kept offline; then remove it from the node's machine.
  next-root.age  takes the root's place when that is lost or stolen. Never in one place with root.age:
                 who has both, with their passphrases, has the party.
  node.keys      is the node's own. It puts nothing in force. Keep a copy apart from backups, unless backups
                 hold it sealed (init --recovery).

When something happens
  the root key is lost or stolen   entente rotate root        (needs next-root.age and its passphrase)
  node.keys or the machine stolen  entente rotate node        (needs root.age)
  an official's key is lost        entente rotate seat OFFICE/N   (needs root.age)
  the machine is lost              entente restore from ARCHIVE --keys KEYS --recovery-key-file -
                                   or with --node-keys and the copy of node.keys
  In every case call the other side, at a number that you knew before.

Once a year: read a copy of each file, open it with its passphrase, restore a backup on a spare machine that
is not connected.
`
}

func (s *sheet) spanish() string {
	paper := `Para qué sirve esta hoja: para distinguir las llaves auténticas de otras y saber qué hacer. No contiene
secretos. Las contraseñas están con quienes las eligieron: cada una en un sobre cerrado propio.
`
	if s.secrets != nil {
		paper = `De qué protege esta hoja: de la pérdida del equipo (la llave de recuperación abre node.keys en cualquier
respaldo) y de la pérdida o el robo de la llave raíz (la contraseña abre next-root.age). De qué no: quien tenga
esta hoja Y next-root.age puede ocupar el lugar de la Parte; quien tenga esta hoja Y un respaldo con su archivo
de llaves puede leer todo lo que lee el nodo. Conservar la hoja en una caja fuerte, next-root.age en otro
inmueble y los respaldos en un tercero.
`
	} else if s.Sealed {
		paper += `La llave de recuperación está en la hoja que se imprimió al crear el nodo.
`
	}
	return paper + `
Las llaves
  root.age       dice quién puede firmar por la Parte. Se necesita pocas veces: para nuevas áreas, funcionarios
                 y llaves del nodo. Copiarla en dos medios que se conserven sin conexión y después retirarla
                 del equipo del nodo.
  next-root.age  ocupa el lugar de la raíz cuando esta se pierde o es robada. Nunca en el mismo lugar que
                 root.age: quien tenga ambas, con sus contraseñas, tiene a la Parte.
  node.keys      es la del propio nodo. No pone nada en vigor. Conservar una copia aparte de los respaldos,
                 salvo que estos la contengan sellada (init --recovery).

Cuando algo ocurre
  se pierde o roban la llave raíz     entente rotate root     (requiere next-root.age y su contraseña)
  roban node.keys o el equipo         entente rotate node     (requiere root.age)
  se pierde la llave de un
  funcionario                         entente rotate seat ÁREA/N   (requiere root.age)
  se pierde el equipo                 entente restore from ARCHIVO --keys LLAVES --recovery-key-file -
                                      o con --node-keys y la copia de node.keys
  En todos los casos, llamar a la contraparte a un número que ya se conocía.

Una vez al año: leer una copia de cada archivo, abrirlo con su contraseña y restaurar un respaldo en un equipo
de reserva que no esté conectado.
`
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
