/**
 * What each shell runs to complete a command line. Each script hands the words up to the cursor to
 * `llmcost completion words`, which answers with a line for each candidate (value, tab, description) and
 * a last line that begins with a colon: `files` where paths fit too, `open` where no space must follow.
 */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]

/** Where to put each script, as a person would type it. */
export const installing: Readonly<Record<Shell, string>> = {
  bash: 'eval "$(llmcost completion bash)"      # in ~/.bashrc',
  zsh: 'eval "$(llmcost completion zsh)"       # in ~/.zshrc, after compinit',
  fish: 'llmcost completion fish > ~/.config/fish/completions/llmcost.fish',
  powershell: 'llmcost completion powershell | Out-String | Invoke-Expression   # in $PROFILE',
}

/** Where the words are looked for when they are not given as arguments, one a line. */
export const wordsVariable = 'LLMCOST_WORDS'

// bash splits words at = and : too, and wants only what follows the last of these.
const bash = String.raw`_llmcost() {
  local line=${'$'}{COMP_LINE:0:COMP_POINT} words=() value about directive='' typed cut
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  typed=${'$'}{words[-1]}
  cut=${'$'}{COMP_WORDS[COMP_CWORD]}
  [[ $cut == [=:] ]] && cut=''
  cut=${'$'}{typed%"$cut"}
  COMPREPLY=()
  while IFS=$'\t' read -r value about; do
    if [[ $value == :* ]]; then directive=$value; continue; fi
    value=${'$'}{value#"$cut"}
    [[ $value == *[!a-zA-Z0-9_.,:=/@%+~-]* ]] && printf -v value '%q' "$value"
    COMPREPLY+=("$value")
  done < <(llmcost completion words -- "${'$'}{words[@]:1}" 2>/dev/null)
  [[ $directive == *open* ]] && compopt -o nospace
  if [[ $directive == *files* ]]; then
    compopt -o filenames
    while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "${'$'}{typed#"$cut"}")
  fi
}
complete -F _llmcost llmcost
`

const zsh = String.raw`#compdef llmcost
_llmcost() {
  local line value about directive=''
  local -a values shown options
  while IFS= read -r line; do
    if [[ $line == :* ]]; then directive=$line; continue; fi
    value=${'$'}{line%%$'\t'*}
    about=${'$'}{line#*$'\t'}
    values+=("$value")
    if [[ -n $about ]]; then shown+=("$value  -- $about"); else shown+=("$value"); fi
  done < <(llmcost completion words -- "${'$'}{(@Q)words[2,CURRENT]}" 2>/dev/null)
  [[ $directive == *open* ]] && options=(-S '')
  (( ${'$'}{#values} )) && compadd -l "${'$'}{options[@]}" -d shown -a values
  [[ $directive == *files* ]] && _files
  return 0
}
if [ "$funcstack[1]" = "_llmcost" ]; then _llmcost "$@"; else compdef _llmcost llmcost; fi
`

const fish = String.raw`function __llmcost_complete
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  llmcost completion words -- $words[2..-1] "$typed" 2>/dev/null | while read -l line
    if string match -q ':*' -- $line
      string match -q '*files*' -- $line; and __fish_complete_path "$typed"
    else
      echo $line
    end
  end
end
complete -c llmcost -f -a '(__llmcost_complete)'
`

// The words go through the environment: npm starts programs by a script there, to which PowerShell hands on no
// `--`, and older ones drop an empty word and break one that holds a quote. A result must have no empty part.
const powershell = String.raw`Register-ArgumentCompleter -Native -CommandName llmcost -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $typed = $wordToComplete -replace '^[''"]', '' -replace '[''"]$', ''
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object {
      if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value }
      else { $_.Extent.Text }
    }) + $typed
  $encoding = [Console]::OutputEncoding
  try {
    [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false)
    $env:${wordsVariable} = $words -join [string][char]10
    $lines = @(llmcost completion words 2>$null)
  }
  finally {
    $env:${wordsVariable} = $null
    [Console]::OutputEncoding = $encoding
  }
  foreach ($line in $lines) {
    $tab = $line.IndexOf([char]9)
    if ($line.StartsWith(':') -or $tab -lt 1) { continue }
    $value = $line.Substring(0, $tab)
    $about = $line.Substring($tab + 1)
    if (-not $about) { $about = $value }
    $text = $value
    if ($value -notmatch '^[\w.:/=%+~,-]+$') {
      $text = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($value) + "'"
    }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
  }
}
`

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell }
