/** Of the lists of what is tried first, those that have ten characters or more; in small letters. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  1234567890 0123456789 0987654321 12345678910 123456789a 123456789q 1234567890q 12345678901 123456789123 1234512345
  1122334455 1212121212 1231231230 123123123123 1111111111 0000000000 9876543210 987654321a 9999999999 1029384756
  123qweasdzxc 1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qazxsw23edc q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv
  qwertyuiop qwertyuiop123 qwertyuiop1 qwerty123456 qwerty1234567 qwerty12345 qwertzuiop qwertz123456 azertyuiop
  azerty123456 asdfghjkl1 asdfghjklz asdfghjkl123 zxcvbnm123 zxcvbnm1234 poiuytrewq qweasdzxc123 qwe123qwe123 1a2b3c4d5e
  a123456789 a1234567890 aa12345678 aa123456789 abc1234567 abc12345678 abc123456789 abcd123456 abcd1234567 abcde12345
  abcdefghij abcdefghijkl abcdef123456 password12 password123 password1234 password12345 password123456 passwordpassword
  mypassword mypassword1 newpassword thepassword passw0rd123 p@ssw0rd123 p@ssword123 p@$$w0rd123 pa$$word123 secretpassword
  changeme123 changemenow letmein123 letmein1234 letmeinnow welcome123 welcome1234 welcome12345 welcome2023 welcome2024
  welcome2025 welcome2026 administrator admin123456 admin12345 adminadmin admin@123456 root123456 rootroot123 superadmin
  superman123 batman12345 spiderman123 pokemon123 starwars123 football123 baseball123 basketball basketball1 liverpool1
  liverpoolfc manchester manchesterunited chelsea123 arsenal123 barcelona1 realmadrid bayernmunchen sunshine123 princess123
  iloveyou123 iloveyou12 iloveyou1234 iloveyouforever loveyou123 iloveyousomuch jesuschrist jesus12345 blessed123
  monkey12345 dragon12345 master12345 shadow12345 michael123 jennifer123 jessica123 charlie123 computer123 internet123
  samsung123 microsoft123 google12345 facebook123 instagram1 whatsapp123 minecraft1 minecraft123 fortnite123 playstation
  playstation3 playstation4 callofduty counterstrike leagueoflegends summer2023! summer2024! summer2025! winter2024!
  winter2025! spring2025! autumn2025! january2025 correcthorsebatterystaple trustno1trustno1 whatever123 nothing123
  something1 helloworld hello12345 hello123456 hellohello goodmorning goodnight1 motorcycle motorola123 volkswagen
  mercedesbenz ferrari123 strawberry strawberry1 chocolate1 chocolate123 cheesecake butterfly1 butterfly123 sweetheart
  beautiful1 beautiful123 friendship friends123 familyfirst mommy12345 babygirl123 babyboy123 lovelove123 passwort123
  passwort1234 passwort12345 meinpasswort hallo12345 hallo123456 hallohallo schatz1234 schatzi123 ichliebedich geheim1234
  geheim12345 willkommen willkommen1 willkommen123 schalke04 deutschland deutschland1 fussball123 sommer2024 sommer2025
  motdepasse motdepasse1 motdepasse123 bonjour123 bonjour1234 jetaime123 jetaime1234 doudou1234 loulou1234 marseille13
  soleil1234 chouchou123 contraseña contrasena contrasena1 contraseña123 contrasena123 hola123456 holahola123 teamo12345
  tequiero123 barcelona123 realmadrid1 españa1234 administrador confab1234 confab12345 confabconfab chatbot123
  `
    .trim()
    .split(/\s+/),
);

/** What such passwords are made of. */
export const COMMON_PARTS: readonly string[] =
  'password passwort motdepasse contraseña contrasena welcome willkommen bienvenue qwertz qwerty azerty letmein changeme iloveyou admin secret confab hello hallo test 1234567890 123456789 12345678 1234567 123456 12345 1234 abc123 123'.split(
    ' ',
  );
