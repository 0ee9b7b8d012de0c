package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

var errNoTerminal = errors.New("no terminal to ask for the passphrase")

// passphrase of a key: from a file, from ENTENTE_PASSPHRASE, or asked for at the terminal; fresh: asked for twice. It is never
// an argument, which every process of the machine could read.
func (a *app) passphrase(what, file string, fresh bool) (string, error) {
	if p, ok := a.secret[what+file]; ok {
		return p, nil
	}
	p, err := a.readPassphrase(what, file, fresh)
	if err == nil {
		a.secret[what+file] = p
	}
	return p, err
}

func (a *app) readPassphrase(what, file string, fresh bool) (string, error) {
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("passphrase: %w", err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
	if p := os.Getenv("ENTENTE_PASSPHRASE"); p != "" {
		return p, nil
	}
	f := a.terminal()
	if f == nil {
		return "", hint(fmt.Errorf("%w of %s", errNoTerminal, what), "name a file that holds it with --passphrase-file")
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(a.err, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.err)
		return string(b), err
	}
	p, err := ask("Passphrase of " + what + ": ")
	if err != nil || !fresh {
		return p, err
	}
	again, err := ask("The same again: ")
	if err == nil && again != p {
		err = errors.New("the two passphrases differ: nothing was written")
	}
	return p, err
}

// confirm asks a question; yes skips it. Without a terminal and without --yes the answer is no.
func (a *app) confirm(question string, yes bool) error {
	if yes {
		return nil
	}
	if a.terminal() == nil {
		return hint(errors.New("nobody is at the terminal to say yes"), "read what is shown, then add --yes")
	}
	fmt.Fprintf(a.err, "%s [y/N] ", question)
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if s := strings.ToLower(strings.TrimSpace(line)); err == nil && (s == "y" || s == "yes" || s == "s" || s == "sí") {
		return nil
	}
	return hint(errors.New("not confirmed"), "nothing was signed or written")
}
